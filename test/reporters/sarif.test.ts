import { describe, expect, test } from '@jest/globals';
import { githubProblems } from '../../src/reporters/github-ready.ts';
import { sarif } from '../../src/reporters/sarif.ts';
import { sampleReport } from '../sample-report.ts';
import { multitool, multitoolProblems, schemaErrors } from './sarif-checker.ts';

describe.each(['full', 'github'] as const)('profile %s', (profile) => {
  const text = sarif(sampleReport(), { profile });
  test('schema', () => expect(schemaErrors(JSON.parse(text))).toEqual([]));
  test('ready', () => expect(githubProblems(JSON.parse(text))).toEqual([]));
  (multitool ? test : test.skip)('multitool', () => expect(multitoolProblems(text)).toEqual([]));
});
