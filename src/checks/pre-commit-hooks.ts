/** Knows whether commits are checked before they are made: hooks for security and style, pinned, and not bypassed. */
import { defineCheck, type Finding, fail, type Options, pass, type Subject, unknown } from '../check.ts';
import { glob } from '../facts/commandline.ts';
import { type Facts, type FileFacts, placeOf } from '../facts/facts.ts';
import { hooksInCi } from '../facts/hooks/ci.ts';
import { hookFolderOverrides } from '../facts/hooks/path.ts';
import type { Hook, HookConfig } from '../facts/hooks.ts';
import { anchorOf } from '../facts/source.ts';

export const preCommitHooks = defineCheck({
  id: 'pre-commit-hooks',
  needs: { hooks: true, workflow: true, script: true },
  messages: {
    absent: {
      what: 'The repository configures no commit hooks.',
      why: 'A secret or a broken file is only noticed after it was pushed, when it stands in the history for good.',
      fix: 'Add a .pre-commit-config.yaml with a secret scanner and the linters of the languages used here, and run `pre-commit run --all-files` in CI.',
      aspect: 'presence',
    },
    empty: {
      what: '{file} configures no hook that runs anything.',
      why: 'The file looks like protection, and every commit passes.',
      fix: 'Add a secret scanner and the linters of the languages used here.',
      aspect: 'presence',
    },
    noSecurity: {
      what: 'No commit hook looks for secrets or vulnerabilities.',
      why: 'Style is checked before a commit, but a key or a dangerous call goes straight into the history.',
      fix: 'Add a hook such as gitleaks, detect-secrets, bandit or semgrep.',
      aspect: 'security',
    },
    noLint: {
      what: 'No commit hook lints or formats the code.',
      why: 'Mistakes that a linter finds in a second cost a CI run or a review.',
      fix: 'Add the linters of the languages used here, such as ruff, eslint, golangci-lint or terraform_fmt.',
      aspect: 'lint',
      severity: 'low',
    },
    unpinned: {
      what: 'The hooks of {repository} are taken from {revision}.',
      why: 'Hooks are code that runs on every developer’s machine; a branch can change under them at any time, and it is fetched once and then never updated.',
      fix: 'Name a tag or, better, a commit: `pre-commit autoupdate --freeze` writes it.',
      aspect: 'rev',
    },
    bypassed: {
      what: 'Git is told to take its hooks from {folder}, and nothing there starts {tool}.',
      why: 'The setting core.hooksPath replaces the hooks that {tool} installed, so its configuration has no effect any more.',
      fix: 'Call {tool} from the hooks in {folder}, or do not set core.hooksPath.',
      aspect: 'bypass',
    },
    notInCi: {
      what: 'No CI job runs the commit hooks of {file}, or the same programs, in a way that can fail.',
      why: 'Hooks can be skipped with `--no-verify` and are missing on every machine where nobody installed them; nothing notices it.',
      fix: 'Run `pre-commit run --all-files`, or the same linters and secret scanners, in a CI job that may fail.',
      aspect: 'ci',
      severity: 'low',
    },
    maskedInCi: {
      what: 'CI runs the commit hooks with `{command}`, and its failure is ignored.',
      why: 'Whoever commits without the hooks is not caught here either.',
      fix: 'Let the step fail: remove `|| true`, `continue-on-error` or `allow_failure`.',
      aspect: 'ci',
    },
    stagedInCi: {
      what: 'CI runs `{command}`, which looks at staged files only.',
      why: 'A fresh checkout has no staged files, so every hook is skipped and the step is green.',
      fix: 'Name the files: `pre-commit run --all-files`, or `--from-ref` and `--to-ref` for the change alone.',
      aspect: 'ci',
    },
  },
  assess: (facts, options) => {
    const lookedFor = '.pre-commit-config.yaml, prek.toml, .husky, lefthook, lint-staged, simple-git-hooks, .githooks';
    const files = facts.of('hooks').filter((file) => file.zone === 'production');
    const anchor = anchorOf(facts);
    if (files.length === 0) {
      if (!anchor) return { subjects: [], lookedFor };
      const finding: Finding = { message: 'absent', data: {}, place: anchor, confidence: 'high' };
      return { subjects: [fail('commit hooks of the repository', finding)], lookedFor };
    }
    const broken = files.find((file) => file.data.broken);
    if (broken) {
      return {
        subjects: [unknown(broken.path, placeOf(broken, broken.data), 'The file has a syntax error.')],
        lookedFor,
      };
    }
    return {
      subjects: [
        ...coverage(files, options),
        ...inCi(facts, files, options),
        ...files.flatMap(revisions),
        ...bypasses(facts, files),
      ],
      lookedFor,
    };
  },
});

type File = FileFacts<HookConfig>;

/** Do the hooks of all configurations together cover security and style? */
function coverage(files: readonly File[], options: Options): Subject[] {
  const running = files.flatMap((file) => file.data.hooks.map((hook) => ({ file, hook })));
  const first = files[0]!;
  if (running.length === 0) {
    const data = { file: first.path };
    return [
      fail(`hooks of ${first.path}`, { message: 'empty', data, place: placeOf(first, first.data), confidence: 'high' }),
    ];
  }
  return (
    [
      ['security', 'noSecurity'],
      ['lint', 'noLint'],
    ] as const
  ).map(([kind, message]) => {
    const patterns = options[kind] as readonly string[];
    const found = running.find(({ hook }) => runsOneOf(hook, patterns));
    const name = `${kind} hooks`;
    if (found)
      return pass(name, placeOf(found.file, found.hook), `The hook ${found.hook.name} runs before each commit.`);
    return fail(name, { message, data: {}, place: placeOf(first, first.data), confidence: 'high' });
  });
}

/** Does CI run the hooks, or what they run? pre-commit.ci does so outside of the repository. */
function inCi(facts: Facts, files: readonly File[], options: Options): Subject[] {
  const hooks = files.flatMap((file) => file.data.hooks);
  if (hooks.length === 0) return [];
  const name = 'commit hooks in CI';
  const hosted = files.find((file) => file.data.hosted);
  if (hosted) return [pass(name, placeOf(hosted, hosted.data), 'pre-commit.ci runs them for every change.')];
  const groups = ['security', 'lint']
    .map((kind) => hooks.filter((hook) => runsOneOf(hook, options[kind] as readonly string[])))
    .filter((group) => group.length > 0);
  const { state, run, workflow } = hooksInCi(facts, options.runners as readonly string[], groups);
  if (workflow !== undefined) {
    const place = { path: workflow, span: { start: 0, end: 0 } };
    return [pass(name, place, 'A workflow of another repository runs them.')];
  }
  if (state === 'enforced') return [pass(name, run!.place, `\`${run!.text}\` fails the pipeline.`)];
  if (run) {
    const message = state === 'masked' ? 'maskedInCi' : 'stagedInCi';
    return [fail(name, { message, data: { command: run.text }, place: run.place, confidence: 'high' })];
  }
  const first = files.find((file) => file.data.tool === 'pre-commit') ?? files[0]!;
  const place = placeOf(first, first.data);
  return [fail(name, { message: 'notInCi', data: { file: first.path }, place, confidence: 'medium' })];
}

function runsOneOf(hook: Hook, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    if (pattern.includes(' ')) return hook.command.includes(pattern);
    const test = glob(pattern);
    return hook.programs.some((program) => test(program.toLowerCase()));
  });
}

function revisions(file: File): Subject[] {
  return file.data.repositories.flatMap(({ url, revision, remote, span }) => {
    if (!remote) return [];
    const name = `hooks of ${url}`;
    const text = revision?.text.trim() ?? '';
    const place = { path: file.path, span: revision?.span ?? span };
    if (isPinned(text)) return [pass(name, place, `Taken from ${text}.`)];
    const data = { repository: url, revision: text === '' ? 'no revision' : `the branch ${text}` };
    return [fail(name, { message: 'unpinned', data, place, confidence: 'high' })];
  });
}

/** A commit, or a name with a version in it; not `2.x`, which is a branch. */
function isPinned(revision: string): boolean {
  if (/^[0-9a-f]{7,64}$/i.test(revision)) return true;
  return (
    /(?:^|[-_/.a-z])v?\d+(?:[._-]?\w+)*$/i.test(revision) &&
    !/\.x$|^(?:refs\/heads\/|origin\/)|(?:^|[-_/])(?:main|master|dev|develop|stable|latest|next|head)(?:$|[-_/])/i.test(
      revision,
    )
  );
}

function bypasses(facts: Facts, files: readonly File[]): Subject[] {
  const managed = files.find(({ data }) => data.tool === 'pre-commit' || data.tool === 'lefthook');
  if (!managed) return [];
  const { tool } = managed.data;
  return hookFolderOverrides(facts).flatMap(({ folder, place, programs }) => {
    if (programs.some((program) => program === tool || program === 'prek')) return [];
    const related = [{ ...placeOf(managed, managed.data), text: `This configuration of ${tool} has no effect.` }];
    const data = { folder: folder === '' ? 'an empty path' : folder, tool };
    return [fail('the folder of git’s hooks', { message: 'bypassed', data, place, confidence: 'high', related })];
  });
}
