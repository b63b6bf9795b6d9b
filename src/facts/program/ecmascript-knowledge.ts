/** Knows what data flow needs to know about JavaScript: names of sources, and what passes data on. */
import type { SourceKind } from './knowledge.ts';

function named(kind: SourceKind, names: string): Record<string, SourceKind> {
  return Object.fromEntries(names.split(' ').map((name) => [name, kind]));
}

function members(owners: string, words: string): string {
  return owners
    .split(' ')
    .flatMap((owner) => words.split(' ').map((word) => `${owner}.${word}`))
    .join(' ');
}

const requestWords =
  'body query params headers cookies signedCookies files file url originalUrl rawBody path hostname protocol raw ' +
  'get() header() param() json() text() formData() blob() arrayBuffer() nextUrl searchParams querystring search ' +
  'rawHeaders geo ip ips subdomains on() once() read() isMultipart parts() saveRequestFiles()';

/** Names of values, and of call results (`()`), that are sources; see `Meaning`. */
export const ecmascriptSources: Readonly<Record<string, SourceKind>> = {
  ...named(
    'request',
    members(
      'express.Request() fastify.FastifyRequest() http.IncomingMessage() https.IncomingMessage() next.NextApiRequest() ' +
        'next/server.NextRequest() Request() koa.Request() @hapi/hapi.Request() restify.Request() polka.Request() ' +
        'express-serve-static-core.Request() hono.HonoRequest() hono.Context().req koa.Context().request ' +
        'koa.ParameterizedContext().request @nestjs/common.Req()',
      requestWords,
    ),
  ),
  ...named(
    'request',
    members(
      'koa.Context() koa.ParameterizedContext() Koa.Context()',
      'query params headers url path cookies querystring',
    ),
  ),
  ...named(
    'request',
    'FormData().get() FormData().getAll() FormData().entries() next/headers.cookies() next/headers.headers()',
  ),
  ...named(
    'cli',
    `${members('process', 'argv stdin')} yargs.argv yargs().argv yargs.parse() yargs().parse() minimist() meow().flags meow().input`,
  ),
  ...named(
    'cli',
    'commander.opts() commander.program.opts() commander.Command().opts() commander.args commander.program.args',
  ),
  ...named(
    'cli',
    'commander.Command().args util.parseArgs() readline.question() readline-sync.question() prompt() Deno.args Bun.argv',
  ),
  ...named('env', 'Deno.env import.meta.env Bun.env process.env'),
  ...named(
    'network',
    'fetch() axios() axios.get() axios.post() axios.request() got() got.get() node-fetch() undici.fetch() undici.request()',
  ),
  ...named('network', 'superagent.get() request.get() http.get() https.get() net.Socket().on() ws.WebSocket().on()'),
  ...named(
    'file',
    'fs.readFileSync() fs.readFile() fs.promises.readFile() fs/promises.readFile() fs.createReadStream() Bun.file() Deno.readTextFile()',
  ),
};

/** Parameters whose attributes hold what a client sent, and those attributes. */
export const handlerParams: readonly { readonly name: RegExp; readonly members: ReadonlySet<string> }[] = [
  {
    name: /^(?:_?req|_?request)$/,
    members: new Set(requestWords.split(' ').map((word) => word.replace('()', ''))),
  },
  {
    name: /^(?:ctx|context|c)$/,
    members: new Set(['request', 'req', 'query', 'params', 'headers', 'cookies', 'querystring']),
  },
];

/** Last words of decorators that fill a parameter from a request. */
export const paramDecorators = new Set([
  'Body',
  'BodyParam',
  'Query',
  'QueryParam',
  'QueryParams',
  'Queries',
  'Param',
  'Params',
  'Path',
  'Header',
  'Headers',
  'HeaderParam',
  'CookieParam',
  'Cookies',
  'UploadedFile',
  'UploadedFiles',
  'RawBody',
  'Args',
  'Arg',
  'Payload',
  'MessageBody',
  'HostParam',
  'FormField',
]);

/** Functions whose result carries their arguments on. */
export const ecmascriptCarriers = new Set(
  (
    'JSON.parse JSON.stringify String Buffer.from Buffer.concat decodeURIComponent decodeURI encodeURI encodeURIComponent unescape escape ' +
    'atob btoa path.join path.resolve path.normalize path.basename path.dirname path.parse path.relative path.posix.join path.win32.join ' +
    'Object.values Object.entries Object.keys Object.fromEntries Array.from Array.of structuredClone util.format util.inspect ' +
    'querystring.parse querystring.stringify querystring.unescape qs.parse qs.stringify url.parse url.format url.resolve URL URLSearchParams ' +
    'Promise.all Promise.resolve Promise.race Promise.allSettled lodash.get lodash.merge lodash.cloneDeep lodash.pick lodash.omit ' +
    'lodash.map lodash.defaults lodash.trim lodash.template js-yaml.load js-yaml.safeLoad yaml.parse zlib.gunzipSync zlib.inflateSync ' +
    'zlib.unzipSync body-parser co-body raw-body get-raw-body TextDecoder Response Array Object Map Set'
  ).split(' '),
);

/** How many arguments hold data, where the others say how it is written: `Buffer.from(text, 'base64')`, `.digest('hex')`. */
export const dataArguments: Readonly<Record<string, number>> = {
  'Buffer.from': 1,
  '.digest': 0,
  '.toString': 0,
  '.update': 1,
};

/** Methods whose result carries the receiver on. */
export const ecmascriptCarrierMethods = new Set(
  (
    'toString toLowerCase toUpperCase toLocaleLowerCase toLocaleUpperCase replaceAll trimStart trimEnd trimLeft trimRight at charAt ' +
    'repeat normalize valueOf toJSON toObject match matchAll exec shift flat flatMap reverse sort reduce find findLast splice ' +
    'toSorted toReversed entries getAll text json formData blob arrayBuffer catch finally lean reduceRight with'
  ).split(' '),
);

/** Calls whose result is a number, a truth value or a random text: nothing of the text survives. */
export const ecmascriptNeutralizers = new Set(
  (
    'Number.parseInt Number.parseFloat Number.isInteger Math.floor Math.ceil Math.round Math.max Math.min Math.abs Math.trunc Date.now ' +
    'isNaN isFinite Array.isArray BigInt .includes .startsWith .endsWith .indexOf .lastIndexOf .test .some .every .has .hasOwnProperty ' +
    '.charCodeAt .getTime fs.existsSync crypto.randomUUID crypto.randomBytes uuid.v4 uuid.v1 uuid.v7 nanoid.nanoid .isDirectory .isFile'
  ).split(' '),
);

/** Methods that give their callback the elements (or the result) of the receiver, and the parameter that takes them. */
export const callbackMethods: ReadonlyMap<string, number> = new Map([
  ...['map', 'forEach', 'filter', 'flatMap', 'find', 'some', 'every', 'findIndex', 'sort'].map(
    (name) => [name, 0] as const,
  ),
  ['reduce', 1],
  // Promises and streams.
  ...['then', 'on', 'once'].map((name) => [name, 0] as const),
]);
