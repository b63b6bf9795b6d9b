/** Knows which routes of a cluster answer over plain HTTP alone: TLS ends neither at them nor in front of them. */
import type { Deployed } from '../cluster.ts';
import { at, entriesOf, itemsOf, textOf, type YamlNode } from '../yaml.ts';
import type { ClusterEdge } from './objects.ts';

/** Annotations that bring a certificate, or send requests that came over plain HTTP away. */
const BRINGS_TLS =
  /(?:^alb\..*\/|force-)ssl-redirect$|certificate|^cert-manager\.io\/|tls-acme$|ssl-cert|pre-shared-cert|hsts|auth-tls-secret$|(?:ssl|tls)-passthrough$|router\.tls\b|cloudflare-(?:proxied|tunnel)/;
/** Values of annotations that name a listener with TLS, or that ask what a front has spoken. */
const SPEAKS_TLS = /(?:listen-ports|protocols|router\.entrypoints|snippets?)$/;
const TLS_VALUE = /https|tls|secure|443|x[-_]forwarded[-_]proto/i;
/** Classes of controllers that publish through a service with TLS of its own. */
const TUNNELS = /tailscale|cloudflare|ngrok/i;
const PLAIN_ENTRY = /^(?:web|http|insecure)$/;

/** Browsers ignore HSTS there. False where it cannot be told. */
export function isPlain(one: Deployed, edge: ClusterEdge): boolean {
  if (edge.tlsInFront) return false;
  const { kind, body } = one.object;
  const spec = at(body, 'spec');
  if (kind === 'Ingress') return !at(spec, 'tls') && isPlainIngress(body);
  if (kind === 'IngressRoute')
    return !at(spec, 'tls') && areAllPlain(itemsOf(at(spec, 'entryPoints')).map((item) => textOf(item) ?? ''));
  if (kind === 'HTTPProxy') return !at(spec, 'virtualhost', 'tls');
  if (kind === 'VirtualServer') return !at(spec, 'tls');
  if (kind === 'Mapping') return false;
  if (kind === 'Route') return !at(spec, 'tls');
  if (kind === 'ApisixRoute') return edge.all('ApisixTls').length === 0;
  return isPlainRoute(one, edge);
}

function isPlainIngress(body: YamlNode): boolean {
  const annotations = entriesOf(at(body, 'metadata', 'annotations')).map(({ key, value }) => [
    key,
    textOf(value) ?? '',
  ]);
  const named = textOf(at(body, 'spec', 'ingressClassName')) ?? '';
  const of = (end: string) => annotations.find(([key]) => key!.endsWith(end))?.[1];
  const name = of('kubernetes.io/ingress.class') ?? named;
  // The usual entry points of Traefik are both, and the secure one has TLS of its own.
  if (/traefik/i.test(name) && !areAllPlain((of('router.entrypoints') ?? '').split(','))) return false;
  return (
    !TUNNELS.test(name) &&
    !annotations.some(
      ([key, value]) =>
        (BRINGS_TLS.test(key!) && !/^(?:false|)$/i.test(value!)) || (SPEAKS_TLS.test(key!) && TLS_VALUE.test(value!)),
    )
  );
}

function areAllPlain(entries: readonly string[]): boolean {
  return entries.length > 0 && entries.every((name) => PLAIN_ENTRY.test(name.trim()));
}

/** Gateways of a VirtualService or of a route; undefined for one that the repository does not hold. */
export function gatewaysOf(one: Deployed, edge: ClusterEdge): readonly (Deployed | undefined)[] {
  const { body } = one.object;
  const named = itemsOf(at(body, 'spec', 'gateways')).flatMap((item) => {
    const text = textOf(item) ?? '';
    const [namespace, name] = text.includes('/') ? text.split('/') : [undefined, text];
    return name === 'mesh' ? [] : [{ namespace, name }];
  });
  const parents = itemsOf(at(body, 'spec', 'parentRefs')).map((parent) => ({
    namespace: textOf(at(parent, 'namespace')),
    name: textOf(at(parent, 'name')),
  }));
  return [...named, ...parents].map(
    ({ namespace, name }) =>
      edge.find('Gateway', namespace ?? one.namespace, name) ??
      (namespace === undefined ? onlyGateway(name, edge) : undefined),
  );
}

/** Do all of its gateways stand in the repository, and listen to plain HTTP only? */
function isPlainRoute(one: Deployed, edge: ClusterEdge): boolean {
  const gateways = gatewaysOf(one, edge);
  return (
    gateways.length > 0 &&
    gateways.every((gateway) => {
      const spec = at(gateway?.object.body, 'spec');
      const protocols = [
        ...itemsOf(at(spec, 'servers')).map((server) => textOf(at(server, 'port', 'protocol'))),
        ...itemsOf(at(spec, 'listeners')).map((listener) => textOf(at(listener, 'protocol'))),
      ];
      return protocols.length > 0 && protocols.every((protocol) => protocol === 'HTTP');
    })
  );
}

/** What a bare name means where several kustomizations meet, and each brings its namespace at the installation. */
function onlyGateway(name: string | undefined, edge: ClusterEdge): Deployed | undefined {
  const same = edge.all('Gateway').filter(({ object }) => object.name === name);
  const places = new Set(same.map(({ place }) => `${place.path}:${place.span.start}`));
  return places.size === 1 ? same[0] : undefined;
}
