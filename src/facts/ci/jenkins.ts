/** Knows Jenkinsfiles: the stages of declarative and scripted pipelines and their shell steps become the pipeline model. */

import type { ParseShell } from '../shell.ts';
import type { Span } from '../span.ts';
import { emptyJob, type Image, type Job, type Pipeline, type Step, type Tolerance } from './pipeline.ts';

export function isJenkinsPath(path: string): boolean {
  return /(?:^|\/)Jenkinsfile(?:[.-][^/]*)?$|\.jenkinsfile$|(?:^|\/)\.?jenkins\/[^/]+\.(?:groovy|jenkins)$/i.test(path);
}

/** A string, a word, or a mark of Groovy; comments are skipped. */
interface Token {
  readonly kind: 'text' | 'word' | 'mark';
  readonly value: string;
  readonly span: Span;
  /** Of a text: where its content begins. */
  readonly content: number;
}

const token =
  /\/\/[^\r\n]*|\/\*[\s\S]*?(?:\*\/|$)|('''|""")([\s\S]*?)(?:\1|$)|'((?:[^'\\\r\n]|\\.)*)'?|"((?:[^"\\\r\n]|\\.)*)"?|[A-Za-z_]\w*|[{}()[\],:;=|.]/g;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(token)) {
    const [whole, triple, long, single, double] = match;
    const start = match.index;
    if (/^\/[/*]/.test(whole)) continue;
    const span = { start, end: start + whole.length };
    const value = long ?? single ?? double;
    if (value !== undefined) tokens.push({ kind: 'text', value, span, content: start + (triple ? 3 : 1) });
    else tokens.push({ kind: /^\w/.test(whole) ? 'word' : 'mark', value: whole, span, content: start });
  }
  return tokens;
}

interface Block {
  readonly name: string;
  readonly stage?: Job & { readonly steps: Step[]; readonly images: Image[] };
  readonly tolerance?: Tolerance;
}

/** Gives the pipeline of a Jenkinsfile; what is not understood is left out. */
export function readJenkins(path: string, text: string, parse: ParseShell): Pipeline {
  const tokens = tokensOf(text);
  const jobs: Job[] = [];
  const outer = {
    ...emptyJob('pipeline', tokens[0]?.span ?? { start: 0, end: 0 }),
    steps: [] as Step[],
    images: [] as Image[],
  };
  const blocks: Block[] = [{ name: '', stage: outer }];
  let depth = 0;
  let head: Token[] = [];
  for (const [i, one] of tokens.entries()) {
    if (one.value === '{' && one.kind === 'mark') {
      if (blocks.length < 200) blocks.push(blockOf(head, text, tokens, i, jobs));
      else depth++;
      head = [];
    } else if (one.value === '}' && one.kind === 'mark') {
      if (depth > 0) depth--;
      else if (blocks.length > 1) blocks.pop();
      head = [];
    } else {
      const broken =
        head.length > 0 &&
        /[\r\n]/.test(text.slice(head.at(-1)!.span.end, one.span.start)) &&
        !/^[(,:]$/.test(head.at(-1)!.value);
      head = broken && !head.some((part) => part.value === '(') ? [one] : [...head.slice(-30), one];
      const inPost = blocks.some((block) => block.name === 'post');
      const stage = blocks.findLast((block) => block.stage)!.stage!;
      if (one.kind === 'word' && one.value === 'sh' && !inPost) {
        const step = shellStep(tokens, i, blocks.findLast((block) => block.tolerance)?.tolerance, parse);
        if (step) stage.steps.push(step);
      } else stage.images.push(...imagesAt(tokens, i, blocks.at(-1)!.name));
    }
  }
  const all = outer.steps.length + outer.images.length > 0 ? [outer, ...jobs] : jobs;
  return {
    system: 'jenkins',
    type: 'workflow',
    name: path,
    span: { start: 0, end: Math.min(1, text.length) },
    triggers: [],
    jobs: all,
    includes: [],
    variables: [],
    stages: [],
  };
}

/**
 * `image 'a'`, `docker 'a'` of an agent, `docker.image('a')`, `containerTemplate(image: 'a')`, and the containers of
 * the pod that `yaml '''...'''` describes.
 */
function imagesAt(tokens: readonly Token[], index: number, block: string): Image[] {
  const { kind, value } = tokens[index]!;
  if (kind !== 'word') return [];
  const [next, second] = [tokens[index + 1], tokens[index + 2]];
  const named =
    next?.kind === 'text' ? next : second?.kind === 'text' && /^[(:]$/.test(next!.value) ? second : undefined;
  if (!named) return [];
  if (value === 'yaml') {
    return [...named.value.matchAll(/^[ \t]*(?:-[ \t]+)?image:[ \t]*["']?([^\s"'#]+)/gm)].map((match) => {
      const start = named.content + match.index + match[0].length - match[1]!.length;
      return { span: { start, end: start + match[1]!.length }, text: match[1]!, role: 'job' };
    });
  }
  const docker = value === 'docker' && block === 'agent' && named === next;
  const called = next?.value !== '(' || (tokens[index - 1]?.value === '.' && tokens[index - 2]?.value === 'docker');
  return docker || (value === 'image' && called) ? [{ span: inside(named), text: named.value, role: 'job' }] : [];
}

function inside(one: Token): Span {
  return { start: one.content, end: one.content + one.value.length };
}

/** What the words in front of a brace open. */
function blockOf(head: readonly Token[], text: string, tokens: readonly Token[], index: number, jobs: Job[]): Block {
  const first = head[0];
  const name = first?.value ?? '';
  if (name === 'stage') {
    const title = head.find((one) => one.kind === 'text');
    const stage = {
      ...emptyJob(title?.value ?? 'stage', title?.span ?? first!.span),
      steps: [] as Step[],
      images: [] as Image[],
    };
    jobs.push(stage);
    return { name, stage };
  }
  if (
    first &&
    (name === 'warnError' ||
      (name === 'catchError' && head.some((one) => one.kind === 'text' && /^(?:SUCCESS|UNSTABLE)$/.test(one.value))))
  ) {
    const span = { start: first.span.start, end: tokens[index]!.span.start };
    return { name, tolerance: { span, text: text.slice(span.start, span.end).trim(), extent: 'always' } };
  }
  if (first && name === 'try' && !rethrows(tokens, index))
    return { name, tolerance: { span: first.span, text: 'try ... catch', extent: 'always' } };
  return { name };
}

/** Does the catch block of a `try` whose brace stands at `index` fail the build again? A `finally` alone does. */
function rethrows(tokens: readonly Token[], index: number): boolean {
  let depth = 0;
  let caught = false;
  for (let i = index; i < tokens.length && i < index + 5_000; i++) {
    const { kind, value } = tokens[i]!;
    if (kind === 'mark' && value === '{') depth++;
    else if (kind === 'mark' && value === '}') {
      depth--;
      if (depth === 0 && caught) return false;
      if (depth === 0 && tokens[i + 1]?.value !== 'catch') return true;
    } else if (value === 'catch' && depth === 0) caught = true;
    else if (caught && kind === 'word' && /^(?:throw|error|unstable)$/.test(value)) return true;
    else if (caught && kind === 'text' && value === 'FAILURE') return true;
  }
  return true;
}

/** `sh '...'`, `sh "..."`, `sh(script: '...', returnStatus: true)`; Jenkins starts `sh -xe`. */
function shellStep(
  tokens: readonly Token[],
  index: number,
  tolerance: Tolerance | undefined,
  parse: ParseShell,
): Step | undefined {
  const words = tokens.slice(index + 1, index + 14);
  const open = words[0]?.value === '(' && words[0].kind === 'mark';
  const end = open ? words.findIndex((one) => one.value === ')' && one.kind === 'mark') : -1;
  const stop = words.findIndex((one) => one.kind !== 'text' && /^(?:[{}]|sh)$/.test(one.value));
  const own = open ? words.slice(1, end < 0 ? undefined : end) : words.slice(0, stop < 0 ? undefined : stop);
  const script = own.findIndex((one, i) => one.value === 'script' && own[i + 1]?.value === ':');
  const plain = own[0]?.kind === 'text' ? own[0] : undefined;
  const code = script >= 0 ? own.slice(script + 1).find((one) => one.kind === 'text') : plain;
  if (!code) return undefined;
  // The status or the output goes back into Groovy, which is not followed.
  const returned = own.some((one, i) => /^return(?:Status|Stdout)$/.test(one.value) && own[i + 2]?.value === 'true');
  if (returned) return undefined;
  const span = { start: tokens[index]!.span.start, end: code.span.end };
  const shell = parse(code.value.replace(/\\\$/g, ' $'), (offset) => code.content + offset);
  return {
    name: code.value.trim().split('\n', 1)[0]!.slice(0, 80),
    span,
    section: 'run',
    ...(tolerance ? { tolerance } : {}),
    script: { span: inside(code), interpreter: 'sh', errexit: true, pipefail: false, shell },
    variables: [],
    references: [],
  };
}
