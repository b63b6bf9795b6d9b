/** Knows the edge of a Kubernetes cluster: which objects answer the public, each told by the model of its controller. */
import { type Deployed, linkCluster } from '../cluster.ts';
import type { Facts } from '../facts.ts';
import { apisixRoute } from './apisix.ts';
import { gatewayRoute, httpProxy, mapping, openshiftRoute, virtualServer } from './gateways.ts';
import { ingress } from './ingress.ts';
import { istioFilters, virtualService } from './istio.ts';
import { type ClusterEdge, clusterEdge } from './objects.ts';
import { isPlain } from './plain.ts';
import type { EdgeServer } from './server.ts';
import { ingressRoute } from './traefik-objects.ts';

export function clusterServers(facts: Facts): readonly EdgeServer[] {
  const { objects } = facts.linked(linkCluster);
  const edge = facts.linked(clusterEdge);
  const servers = new Map<string, EdgeServer>();
  for (const one of objects) {
    const server = serverOf(one, edge, facts);
    const key = server && `${server.place.path}:${server.place.span.start}`;
    if (server && key && !servers.has(key)) servers.set(key, server);
  }
  return [...servers.values()];
}

function serverOf(one: Deployed, edge: ClusterEdge, facts: Facts): EdgeServer | undefined {
  const model = modelOf(one, edge, facts);
  const found: EdgeServer | undefined = model && isPlain(one, edge) ? { ...model, plain: true } : model;
  return found && one.object.broken && found.unknown === undefined
    ? { ...found, unknown: 'the object is not known completely' }
    : found;
}

function modelOf(one: Deployed, edge: ClusterEdge, facts: Facts): EdgeServer | undefined {
  const group = one.object.apiVersion.replace(/\/.*/, '');
  switch (`${group} ${one.object.kind}`) {
    case 'networking.k8s.io Ingress':
    case 'extensions Ingress':
      return ingress(one, edge);
    case 'traefik.io IngressRoute':
    case 'traefik.containo.us IngressRoute':
      return ingressRoute(one, edge);
    case 'networking.istio.io VirtualService':
      return virtualService(one, edge, facts.linked(istioFilters));
    case 'gateway.networking.k8s.io HTTPRoute':
      return gatewayRoute(one, edge);
    case 'projectcontour.io HTTPProxy':
      return httpProxy(one);
    case 'k8s.nginx.org VirtualServer':
      return virtualServer(one);
    case 'getambassador.io Mapping':
      return mapping(one, edge);
    case 'apisix.apache.org ApisixRoute':
      return apisixRoute(one, edge);
    case 'route.openshift.io Route':
      return openshiftRoute(one);
    default:
      return undefined;
  }
}
