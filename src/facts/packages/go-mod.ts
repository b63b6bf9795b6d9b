/** Knows go.mod. */
import type { ParseProblem } from '../facts.ts';
import { type Draft, type Read, read } from './model.ts';

/**
 * Reads go.mod: `require`, with `replace` applied. Since go 1.17 it lists every module of the build, so go.sum, which
 * also holds versions nobody builds, is not needed.
 */
export function readGoMod(text: string, _path: string): Read {
  const drafts: Draft[] = [];
  const problems: ParseProblem[] = [];
  const replaced: {
    readonly name: string;
    readonly version?: string;
    readonly by: string;
    readonly byVersion?: string;
  }[] = [];
  let block = '';
  let project: string | undefined;
  let offset = 0;
  for (const raw of text.split('\n')) {
    const start = offset;
    offset += raw.length + 1;
    const comment = raw.indexOf('//');
    const note = comment < 0 ? '' : raw.slice(comment + 2).trim();
    const line = (comment < 0 ? raw : raw.slice(0, comment)).trimEnd();
    const body = line.trim();
    if (body === '') continue;
    if (body === ')') {
      block = '';
      continue;
    }
    const opening = /^(\w+)\s*\($/.exec(body);
    if (opening !== null) {
      block = opening[1]!;
      continue;
    }
    const verb = block === '' ? body.split(/\s/, 1)[0]! : block;
    const rest = block === '' ? body.slice(verb.length).trim() : body;
    const words = rest.split(/\s+/).map((w) => w.replace(/^["`](.*)["`]$/, '$1'));
    if (verb === 'module') project = words[0];
    else if (verb === 'require') {
      const [name, version] = words;
      const from = start + raw.indexOf(rest);
      const span = { start: from, end: from + rest.length };
      if (name === undefined || !/^v\d/.test(version ?? '')) {
        problems.push({ message: 'This requirement has no version.', span, tolerated: true });
        continue;
      }
      const indirect = /^indirect\b/.test(note);
      const versionSpan = { start: span.end - version!.length, end: span.end };
      drafts.push({
        name,
        version: version!,
        scope: 'runtime',
        direct: !indirect,
        source: 'registry',
        span,
        versionSpan,
      });
    } else if (verb === 'replace') {
      const match = /^(\S+)(?:\s+(v\S+))?\s+=>\s+(\S+)(?:\s+(v\S+))?$/.exec(rest.replace(/["`]/g, ''));
      if (match === null) continue;
      const [, name, version, by, byVersion] = match as unknown as [
        string,
        string,
        string | undefined,
        string,
        string | undefined,
      ];
      replaced.push({
        name,
        by,
        ...(version === undefined ? {} : { version }),
        ...(byVersion === undefined ? {} : { byVersion }),
      });
    }
  }
  for (const draft of drafts) {
    const rule = replaced.find(
      (r) => r.name === draft.name && (r.version === undefined || r.version === draft.version),
    );
    if (rule === undefined) continue;
    if (rule.byVersion === undefined) draft.source = 'other';
    else {
      draft.name = rule.by;
      draft.version = rule.byVersion;
      delete draft.versionSpan;
    }
  }
  const named = project === undefined ? {} : { project };
  return read({ format: 'go.mod', role: 'lock', ecosystem: 'Go', dependencies: drafts, ...named }, problems);
}
