/** Knows when a public server at the edge answers without the security headers. */
import { defineCheck, type Finding, listed, type Options, once, pass, type Subject, unknown } from '../check.ts';
import { common, type EdgeServer, edgeServers, type Header, type Headers } from '../facts/edge.ts';
import { chartNeeds } from '../facts/helm.ts';

const WHY =
  'Without the five headers browsers fall back to plain HTTP, run injected scripts, guess types and let other sites frame the pages, also on error pages and static files that no application touches.';

export const edgeSecurityHeaders = defineCheck({
  id: 'edge-security-headers',
  needs: {
    chart: chartNeeds.chart,
    webserver: true,
    kubernetes: [
      'Ingress',
      'VirtualService',
      'VirtualServer',
      'getambassador.io',
      'EnvoyFilter',
      'HTTPRoute',
      'HTTPProxy',
      'apisix.apache.org',
      'route.openshift.io',
      'Middleware',
      'KongPlugin',
      'KongClusterPlugin',
      'BackendConfig',
      'add-headers',
      'addHeaders',
      'Content-Type-Options',
      'Transport-Security',
    ],
    terraform: true,
    cloudformation: ['AWS::CloudFront'],
  },
  // What runs the servers, and what leads to them.
  evidence: { ...chartNeeds, compose: true, dockerfile: ['COPY', 'ADD'], kubernetes: ['configMap', 'Service'] },
  messages: {
    missing: {
      aspect: 'headers',
      what: '{server} does not send {headers}.',
      why: WHY,
      fix: 'Send {headers} with every answer of the server.',
    },
    weak: {
      aspect: 'headers',
      what: '{server} sends {headers} with a value that protects nothing.',
      why: WHY,
      fix: 'Set {remedy}.',
    },
    notAlways: {
      aspect: 'headers',
      what: '{server} sends {headers} without `always`.',
      why: 'Error answers go out without these headers, and an error page can be framed or injected like any other.',
      fix: 'Add `always` to each of these headers.',
      severity: 'low',
    },
    lost: {
      aspect: 'redefinition',
      what: 'In {server} the {part} sets headers of its own and so loses {headers}.',
      why: 'A level of nginx or lighttpd inherits headers only when it sets none of its own, and a behaviour of CloudFront has a policy of its own, so the answers of this part go out without the headers above.',
      fix: 'Repeat the headers there, best by one file, or one policy, in both places.',
    },
  },
  assess(facts, options) {
    const causes = new Map<string, Finding>();
    return {
      subjects: facts.linked(edgeServers).flatMap((server) => judge(server, options, causes)),
      lookedFor:
        'servers of nginx, Caddy, Apache, HAProxy, lighttpd, Traefik and Envoy, Ingress, IngressRoute, HTTPRoute, VirtualService, VirtualServer and Mapping objects, CloudFront distributions, Azure Front Door and Application Gateway, APISIX, headers of static sites and IIS',
    };
  },
});

/** The headers by lower-case name, with what makes a value worthless and the value to set. */
const REQUIRED: readonly { name: string; weak: (value: string, options: Options) => boolean; remedy: string }[] = [
  {
    name: 'Strict-Transport-Security',
    weak: (value, options) => Number(/max-age\s*=\s*"?(\d+)/i.exec(value)?.[1] ?? 0) < Number(options.minimumAge),
    remedy: '`max-age=31536000; includeSubDomains`',
  },
  {
    name: 'Content-Security-Policy',
    weak: (value) => value.trim() === '' || /^\s*default-src\s+\*\s*;?\s*$/.test(value),
    remedy: "a policy such as `default-src 'self'`",
  },
  { name: 'X-Content-Type-Options', weak: (value) => value.trim().toLowerCase() !== 'nosniff', remedy: '`nosniff`' },
  {
    name: 'X-Frame-Options',
    weak: (value) => !/^(?:deny|sameorigin)$/i.test(value.trim()),
    remedy: '`DENY` or `SAMEORIGIN`',
  },
  {
    name: 'Referrer-Policy',
    weak: (value) => /^(?:unsafe-url)?$/i.test(value.trim()),
    remedy: '`strict-origin-when-cross-origin` or a stricter value',
  },
];

function headerOf(headers: Headers, name: string): Header | undefined {
  const header = headers.get(name.toLowerCase());
  if (header || name !== 'X-Frame-Options') return header;
  // frame-ancestors does the same, and browsers prefer it.
  const policy = headers.get('content-security-policy');
  if (!policy || (policy.value !== undefined && !/frame-ancestors/i.test(policy.value))) return undefined;
  return policy.value === undefined ? undefined : { always: policy.always, place: policy.place };
}

function missingIn(headers: Headers, plain = false): string[] {
  const required = REQUIRED.filter(({ name }) => !(plain && name === 'Strict-Transport-Security'));
  return required.filter(({ name }) => !headerOf(headers, name)).map(({ name }) => name);
}

/** @param causes findings so far: a file that several servers include is one cause */
function judge(server: EdgeServer, options: Options, causes: Map<string, Finding>): readonly Subject[] {
  const { name, place, parts, inner } = server;
  if (inner !== undefined) return [pass(name, place, inner)];
  const shared = new Set(REQUIRED.map((one) => one.name).filter((one) => headerOf(server.shared, one)));
  const confidence = server.doubt === undefined ? 'high' : 'low';
  const findings: Finding[] = [];
  const add = (message: string, at: Finding['place'], data: Record<string, string>, sender = name) => {
    const key = `${message} ${at.path}:${at.span.start} ${Object.values(data).join()}`;
    const finding: Finding = { message, data: { server: sender, ...data }, place: at, confidence };
    findings.push(once(causes, key, finding));
  };
  // A part that decides for itself lacks what the server does not have either.
  const all = [...(server.headers ? [server.headers] : []), ...parts.map((part) => part.headers)];
  const own = new Set(server.headers ? missingIn(server.headers, server.plain) : []);
  const bare = server.piece || all.length === 0 ? undefined : missingIn(common(all), server.plain);
  const missing = (bare ?? []).filter((one) => own.has(one) || !shared.has(one));
  for (const part of parts) {
    const lost = missingIn(part.headers).filter((one) => shared.has(one));
    if (lost.length > 0) add('lost', part.place, { part: part.label, headers: listed(lost) });
  }
  if (missing.length > 0 && server.unknown !== undefined) {
    const subject = unknown(name, place, `${listed(missing)} may come from elsewhere: ${server.unknown}`);
    return findings.length > 0
      ? [subject, { name: `${name}, parts`, place: findings[0]!.place, verdict: 'fail', findings }]
      : [subject];
  }
  if (missing.length > 0)
    add('missing', server.keeper?.place ?? place, { headers: listed(missing) }, server.keeper?.name);
  const present = server.piece ? [server.shared, ...all] : all;
  const sent = REQUIRED.flatMap(({ name: header, weak, remedy }) =>
    present.flatMap((headers) => {
      const one = headerOf(headers, header);
      return one ? [{ ...one, header, remedy, weak: one.value !== undefined && weak(one.value, options) }] : [];
    }),
  );
  for (const { header, place: at, remedy } of sent.filter((one) => one.weak)) {
    if (!findings.some((one) => one.message === 'weak' && one.place === at))
      add('weak', at, { headers: header, remedy });
  }
  const passing = sent.filter(({ header, always }) => !always && !missing.includes(header));
  if (passing.length > 0)
    add('notAlways', passing[0]!.place, { headers: listed([...new Set(passing.map(({ header }) => header))]) });
  if (findings.length === 0)
    return bare === undefined ? [] : [pass(name, place, 'the security headers are sent with every answer')];
  return [{ name, place, verdict: 'fail', findings }];
}
