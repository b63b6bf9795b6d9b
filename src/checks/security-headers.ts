/** Knows when an application answers without the headers that browsers need to protect its users. */
import { defineCheck, type Finding, fail, type Options, pass, type Subject, unknown } from '../check.ts';
import { type Edge, edgeEvidence, edgeFor } from '../facts/edge/behind.ts';
import type { Facts } from '../facts/facts.ts';
import type { Program } from '../facts/program/link.ts';
import type { Place } from '../facts/span.ts';
import type { Settings } from '../facts/web/django.ts';
import { type HelperWords, helperHeaders, helpersIn, looseHelpers } from '../facts/web/header-libraries.ts';
import { headersOf, hole, runs, type SetHeader, weakness } from '../facts/web/headers.ts';
import type { Layer, WebObject } from '../facts/web/model.ts';
import { frameworkNames, isTriedOut } from '../facts/web/objects.ts';
import { answersMachines } from '../facts/web/pages.ts';
import { chainOf, isAlone, layersOfObject, linkWeb, type Web, webWords } from '../facts/web.ts';

const fix =
  'Install one helper on the application object (flask-talisman, secure, helmet, or a middleware of a few lines) that sets Strict-Transport-Security, Content-Security-Policy, X-Content-Type-Options, X-Frame-Options and Referrer-Policy on every answer.';

export const securityHeaders = defineCheck({
  id: 'security-headers',
  needs: { program: webWords },
  evidence: edgeEvidence,
  messages: {
    none: {
      what: '{app} sets no security headers.',
      why: 'Browsers then allow plain HTTP, foreign frames, scripts from anywhere and guessed content types.',
      fix,
    },
    missing: {
      what: '{app} does not set {headers}.',
      why: 'Each header closes one way to attack the users of the application in their own browser; what is missing stays open.',
      fix: 'Add {headers} where the other headers are set, or in a helper that sets all of them.',
      severity: 'low',
    },
    weak: {
      what: '{header} is weakened: {problem}.',
      why: 'A header with an opening gives the impression of protection without the effect.',
      fix: 'Send a value that protects: HSTS for half a year or more, no unsafe-inline or wildcard for scripts, DENY or SAMEORIGIN, nosniff, no-referrer.',
    },
    disabled: {
      what: '{helper} is installed, but {header} is switched off.',
      why: 'The helper is there for this header, and readers of the code believe that it is sent.',
      fix: 'Remove the option that switches {header} off.',
    },
  },
  assess(facts: Facts, options: Options) {
    const web = facts.linked(linkWeb);
    const subjects: Subject[] = [];
    const edge = { edge: facts.linked(edgeFor), alone: isAlone(facts, web) };
    const judged = new Map<WebObject, Subject>();
    for (const object of web.objects) {
      const subject = object.kind === 'app' ? application(web, object, options, edge) : undefined;
      if (subject) judged.set(object, subject);
    }
    for (const [object, subject] of judged) if (!repeats(object, subject, judged)) subjects.push(subject);
    for (const settings of web.settings) subjects.push(django(web, settings, options, edge));
    subjects.push(...loose(web, subjects, options));
    return {
      subjects,
      lookedFor: 'applications of web frameworks in Python, JavaScript and TypeScript, settings of Django',
    };
  },
});

const titles: Readonly<Record<string, string>> = {
  'strict-transport-security': 'Strict-Transport-Security',
  'content-security-policy': 'Content-Security-Policy',
  'x-content-type-options': 'X-Content-Type-Options',
  'x-frame-options': 'X-Frame-Options',
  'referrer-policy': 'Referrer-Policy',
};

/** What is known of the headers of one application. */
interface Sent {
  readonly have: Set<string>;
  readonly findings: Finding[];
  /** Servers at the edge that add some of them. */
  readonly edge: Set<string>;
  /** Why nothing certain can be said about what is missing. */
  open?: string;
}

/** The servers in front; `alone`: there is only one application that they can mean. */
interface Front {
  readonly edge: Edge;
  readonly alone: boolean;
}

/** What every server in front of the application adds to its answers. */
function fromEdge(sent: Sent, { edge, alone }: Front, path: string, options: Options): void {
  const servers = edge.ways(path, alone).map(({ server }) => `${server.name} in ${server.place.path}`);
  for (const [name, { value, place }] of edge.headers(path, alone)) {
    if (sent.have.has(name) || !Object.hasOwn(titles, name)) continue;
    judge({ name, values: value === undefined ? undefined : [value], place }, sent, options);
    sent.edge.add(servers[0]!);
  }
}

/** What an application inside another one lacks is to be added outside, where it is missing as well. */
function repeats(object: WebObject, subject: Subject, judged: ReadonlyMap<WebObject, Subject>): boolean {
  const lacks = (one: Subject | undefined) =>
    one?.findings?.every(({ message }) => message === 'none' || message === 'missing') ?? false;
  return lacks(subject) && object.mounts.some(({ parent }) => judged.get(parent)?.verdict === 'fail');
}

function application(web: Web, object: WebObject, options: Options, front: Front): Subject | undefined {
  const { program } = web;
  if (object.site && isTriedOut(program, object.site)) return undefined;
  const framework = frameworkNames[object.framework] ?? 'web';
  const name = `${framework} application ${object.name}`;
  const sent: Sent = { have: new Set(), findings: [], edge: new Set() };
  for (const layer of layersOfObject(web, object)) read(program, layer, sent, options);
  fromEdge(sent, front, object.place.path, options);
  const isInner = object.mounts.length > 0;
  const routes = web.routes.some((route) =>
    route.owners.some((owner) => chainOf(owner).some((one) => one.object === object)),
  );
  const mounted = web.objects.some((one) => one.mounts.some((mount) => mount.parent === object));
  // An application nobody gives a route, next to others in the same function, is a placeholder for a missing import.
  if (
    !routes &&
    !mounted &&
    object.layers.length === 0 &&
    object.framework !== 'nest' &&
    (object.site?.call.function ?? -1) >= 0 &&
    object.name === 'app'
  )
    return undefined;
  const subject = verdict(name, object.place, `The ${name}`, sent, answersMachines(web, object));
  return isInner && sent.have.size === 0 && subject.verdict === 'fail' ? undefined : subject;
}

function verdict(name: string, place: Place, app: string, sent: Sent, machine: boolean): Subject {
  if (sent.have.has('frame-ancestors')) sent.have.add('x-frame-options');
  const missing = Object.keys(titles).filter((header) => !sent.have.has(header));
  const findings = [...sent.findings];
  if (missing.length > 0) {
    if (sent.open !== undefined) {
      if (findings.length === 0) return unknown(name, place, sent.open);
    } else {
      const message = missing.length === Object.keys(titles).length ? 'none' : 'missing';
      const headers = missing.map((header) => titles[header]!).join(', ');
      const data = { app, ...(message === 'missing' ? { headers } : {}) };
      const certain = missing.some((header) => header !== 'referrer-policy' && header !== 'content-security-policy');
      if (machine) findings.push({ message, data, place, confidence: 'low', severity: 'low' });
      else findings.push({ message, data, place, confidence: certain ? 'high' : 'medium' });
    }
  }
  if (findings.length === 0) return pass(name, place, ['all five headers are set', ...sent.edge].join(', partly by '));
  return { ...fail(name, findings[0]!, place), findings };
}

/** Helpers that switch a header off where no application is seen. */
function loose(web: Web, subjects: readonly Subject[], options: Options): readonly Subject[] {
  const found = subjects.flatMap((one) => one.findings ?? []).map(({ place }) => `${place.path} ${place.span.start}`);
  return looseHelpers(web.program, options as unknown as HelperWords).flatMap((layer) => {
    const sent: Sent = { have: new Set(), findings: [], edge: new Set() };
    read(web.program, layer, sent, options);
    const off = sent.findings.filter(
      ({ message, place }) => message === 'disabled' && !found.includes(`${place.path} ${place.span.start}`),
    );
    return off.map((finding) => fail(layer.names[0]!, finding));
  });
}

/** Headers one layer sends. */
function read(program: Program, layer: Layer, sent: Sent, options: Options): void {
  const words = options as unknown as HelperWords;
  const known = helperHeaders(program, layer, words);
  if (known) {
    for (const header of known.sent) sent.have.add(header);
    for (const header of known.set) judge(header, sent, options);
    for (const { header, place, sure } of known.off) {
      sent.have.add(header);
      const data = { helper: known.helper, header: titles[header]! };
      sent.findings.push({ message: 'disabled', data, place, confidence: sure ? 'high' : 'low' });
    }
    return;
  }
  if (layer.level === 'dependency' || layer.level === 'decorator') return;
  const functions = runs(program, layer.node);
  for (const inner of helpersIn(program, functions, words)) read(program, inner, sent, options);
  const { set, removed, open } = headersOf(program, functions);
  for (const name of removed)
    for (const one of name === 'content-security-policy' ? [name, 'frame-ancestors'] : [name]) sent.have.delete(one);
  for (const header of set) judge(header, sent, options);
  const written = (layer.names[0] ?? layer.node.unit.path).replace(/\(\)$/, '');
  if (layer.unknown !== undefined && layer.names.length === 0) sent.open = layer.unknown;
  if (open) sent.open = `${written} sets headers by names that cannot be told`;
  if (functions.length === 0 && /secur|header|csp|helmet/i.test(layer.names.join(' ')))
    sent.open = `${written} is not in the repository`;
}

function judge(header: SetHeader, sent: Sent, options: Options): void {
  const name = header.name === 'content-security-policy-report-only' ? '' : header.name;
  if (!Object.hasOwn(titles, name)) return;
  sent.have.add(name);
  const texts = (header.values ?? []).map((value) => String(value).toLowerCase());
  if (
    name === 'content-security-policy' &&
    (header.values === undefined || texts.some((text) => text.includes('frame-ancestors') || text.includes(hole)))
  )
    sent.have.add('frame-ancestors');
  const problems = texts.flatMap((text) => weakness(name, text, options.minHstsSeconds as number) ?? []);
  if (problems.length === 0) return;
  const isPolicy = name === 'content-security-policy';
  const problem = problems.reduce((a, b) => (b.length < a.length ? b : a));
  const isKnown = ({ data, place }: Finding) => data.problem === problem && place.path === header.place.path;
  // Policies for several paths that share their text are one cause.
  if (isPolicy && sent.findings.some(isKnown)) return;
  // What one branch opens may be for development only.
  const confidence = problems.length < texts.length ? 'low' : isPolicy ? 'medium' : 'high';
  sent.findings.push({
    message: 'weak',
    data: { header: titles[name]!, problem },
    place: header.place,
    confidence,
    ...(isPolicy ? { severity: 'low' as const } : {}),
  });
}

/** Django: middleware and settings. */
function django(web: Web, settings: Settings, options: Options, front: Front): Subject {
  const sent: Sent = { have: new Set(), findings: [], edge: new Set() };
  const has = (word: string) => settings.middleware.some((name) => name === word || name.endsWith(`.${word}`));
  if (settings.open) sent.open = 'the list of middleware cannot be told';
  if (has('SecurityMiddleware')) {
    for (const header of ['x-content-type-options', 'referrer-policy']) sent.have.add(header);
    const seconds = settings.value('SECURE_HSTS_SECONDS');
    const never = seconds?.values.every((value) => !value);
    if (settings.has('SECURE_HSTS_SECONDS') && !never) sent.have.add('strict-transport-security');
    for (const [name, header] of [
      ['SECURE_CONTENT_TYPE_NOSNIFF', 'x-content-type-options'],
      ['SECURE_REFERRER_POLICY', 'referrer-policy'],
    ] as const)
      if (settings.value(name)?.values.every((value) => !value)) sent.have.delete(header);
  }
  if (has('XFrameOptionsMiddleware')) sent.have.add('x-frame-options');
  if (settings.middleware.some((name) => /csp|contentsecuritypolicy/i.test(name))) {
    sent.have.add('content-security-policy');
    sent.have.add('frame-ancestors');
  }
  for (const name of settings.middleware) {
    const defined = web.program.define(name, settings.unit);
    if (!defined) continue;
    for (const header of headersOf(web.program, runs(web.program, defined)).set) judge(header, sent, options);
  }
  fromEdge(sent, front, settings.place.path, options);
  return verdict('settings of Django', settings.place, 'Django with these settings', sent, false);
}
