/** Knows cases of a check whose findings are marked in the text: `<-` in a comment at the end of each finding's first line. */
import type { Expected, InvalidCase, ValidCase } from './check-tester.ts';
import type { Files } from './scan-files.ts';

/** A case with one finding of `message` at each marked line of `files`. */
export const bad = (name: string, files: Files, message: string, more: Partial<Expected> = {}): InvalidCase => ({
  name,
  files,
  findings: Object.entries(files).flatMap(([path, text]) =>
    String(text)
      .split('\n')
      .flatMap((row, i) => (/(?:#|\/\/) <-/.test(row) ? [{ message, at: `${path}:${i + 1}`, ...more }] : [])),
  ),
});

/** A case without a finding, with `subjects` passing subjects. */
export const good = (name: string, files: Files, subjects = 1): ValidCase => ({ name, files, subjects });

/** Makers of cases that are the one file `path`; `usual` is the message when none is given. */
export const inFile = (path: string, usual: string) => ({
  bad: (name: string, text: string, message = usual, more: Partial<Expected> = {}): InvalidCase =>
    bad(name, { [path]: text }, message, more),
  good: (name: string, text: string, subjects?: number): ValidCase => ({
    name,
    files: { [path]: text },
    ...(subjects === undefined ? {} : { subjects }),
  }),
});
