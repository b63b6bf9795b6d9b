/** Knows a report as the engine makes it: a small tree in memory, judged by a check of its own. */
import { audit } from '../src/audit.ts';
import { defineCheck, fail, pass } from '../src/check.ts';
import { extractors } from '../src/facts/index.ts';
import { openFiles } from '../src/facts/workspace.ts';
import type { Report } from '../src/report.ts';
import { builtinRoadmap } from '../src/roadmap.ts';

const check = defineCheck({
  id: 'dockerfile-healthcheck',
  needs: { dockerfile: true },
  messages: {
    missing: {
      what: 'The image {name} has no HEALTHCHECK.',
      why: 'A hung service stays up.',
      fix: 'Add a HEALTHCHECK.',
    },
  },
  assess: (facts) => ({
    lookedFor: 'Dockerfile',
    subjects: facts.of('dockerfile').map((file, index) => {
      const place = { path: file.path, span: { start: 0, end: 4 } };
      if (index % 2 === 1) return pass(file.path, place, 'It has one.');
      const step = { ...place, text: 'the image' };
      return fail(file.path, {
        message: 'missing',
        data: { name: file.path },
        place,
        confidence: 'high',
        related: [step],
        trace: [step, step],
        fix: { description: 'Add it', edits: [{ ...place, text: 'HEALTHCHECK CMD true\nFROM' }] },
      });
    }),
  }),
});

const tree = {
  'README.md': '# Sample\n',
  'a b/Dockerfile': 'FROM python:3.12\nCMD ["python"]\n',
  'b#/Dockerfile': 'FROM node:20\nCMD ["node"]\n',
  'c%/Dockerfile': 'FROM alpine\r\nCMD ["sh"]\r\n',
};

export async function realReport(files: Readonly<Record<string, string>> = tree): Promise<Report> {
  return audit({
    workspace: openFiles('tree', new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]))),
    roadmap: builtinRoadmap(),
    rules: new Map(),
    checks: [check],
    extractors,
    options: new Map(),
    selected: () => true,
    scope: 'full',
    zones: new Set(),
    asOf: '2026-01-23',
    provenance: {},
    notifications: [],
    version: '0.1.0',
    ruleset: '0.1.0+test',
    configHash: '0',
  });
}
