/** Knows how JavaScript modules are called: own files begin with a slash, packages have their name. */

const extension = /\.(?:[cm]?[jt]sx?|vue|svelte)$/;

/** Name of an own file: `src/util/run.ts` → `/src/util/run`; `src/api/index.js` is the package `/src/api`. */
export function ecmascriptName(path: string): { readonly name: string; readonly package: boolean } {
  const bare = `/${path}`.replace(extension, '');
  return bare.endsWith('/index')
    ? { name: bare.slice(0, -'/index'.length), package: true }
    : { name: bare, package: false };
}

/**
 * What an imported module means in the file of this name: `./run.js` in `/src/api/users` is `/src/api/run`,
 * `node:fs` is `fs`. Aliases (`@/run`) stay as they are; link.ts looks for their file.
 */
export function importedModule(specifier: string, from: { readonly name: string; readonly package: boolean }): string {
  const own = specifier.startsWith('.') || specifier.startsWith('/');
  if (!own) return specifier.replace(/^node:/, '').replace(/^(?:npm|jsr):/, '');
  const folder = from.package ? from.name : from.name.slice(0, from.name.lastIndexOf('/'));
  const parts = specifier.startsWith('/') ? [] : folder.split('/').filter((part) => part !== '');
  for (const part of specifier.replace(/[?#].*$/, '').split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return ecmascriptName(parts.join('/')).name;
}

/**
 * Name of a member of an imported module. The default of a package is the package itself, so that
 * `import express from 'express'` and `require('express')` are one name.
 */
export function importedMember(module: string, member: string): string {
  return member === 'default' && !module.startsWith('/') ? module : `${module}.${member}`;
}

/** Names that exist without an import, in Node.js, browsers, other runtimes and module systems; also those of types. */
export const ecmascriptBuiltins: ReadonlySet<string> = new Set(
  (
    'AbortController AbortSignal AggregateError Array ArrayBuffer Atomics BigInt Blob Boolean BroadcastChannel Buffer Bun ' +
    'Date Deno Error EvalError Event EventTarget File FinalizationRegistry FormData Function Headers Infinity Intl JSON Map ' +
    'Math MessageChannel NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Request Response Set ' +
    'SharedArrayBuffer String Symbol SyntaxError TextDecoder TextEncoder TypeError URIError URL URLSearchParams WeakMap ' +
    'WeakRef WeakSet WebSocket Worker XMLHttpRequest __dirname __filename arguments atob btoa clearInterval clearTimeout ' +
    'console crypto decodeURI decodeURIComponent document encodeURI encodeURIComponent escape eval exports fetch global ' +
    'globalThis import import.meta isFinite isNaN localStorage location module navigator parseFloat parseInt performance ' +
    'process queueMicrotask require self sessionStorage setImmediate setInterval setTimeout structuredClone super unescape ' +
    'window any bigint boolean never number object string symbol unknown void Record Partial Required Readonly Pick Omit ' +
    'Awaited NonNullable ReturnType'
  ).split(' '),
);
