/** Knows how SARIF is checked in tests: the JSON schema and the validator of the SARIF SDK. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Log } from 'sarif';

const require = createRequire(import.meta.url);

/** Path of the validator's binary, or undefined where its package has none for this platform. */
export const multitool: string | undefined = locate();

function locate(): string | undefined {
  try {
    const path = require('@microsoft/sarif-multitool') as string;
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

let compiled: ReturnType<Ajv2020['compile']> | undefined;

/** Errors of the SARIF 2.1.0 JSON schema (the copy in the validator's package), as "path: message". */
export function schemaErrors(log: unknown): string[] {
  if (multitool === undefined) return [];
  if (compiled === undefined) {
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    (addFormats as unknown as (target: Ajv2020) => void)(ajv);
    compiled = ajv.compile(JSON.parse(readFileSync(join(dirname(multitool), 'sarif-2.1.0.json'), 'utf8')));
  }
  compiled(log);
  return (compiled.errors ?? []).map((error) => `${error.instancePath}: ${error.message}`);
}

/** Rules that are off unless a configuration names them. */
const OPTIONAL_RULES = [
  'GH1001.ProvideRequiredLocationProperties',
  'GH1002.InlineThreadFlowLocations',
  'GH1003.ProvideRequiredRegionProperties',
  'GH1005.LocationsMustBeRelativeUrisOrFilePaths',
  'GH1006.ProvideCheckoutPath',
  'GH1007.ProvideFullyFormattedMessageStrings',
];

/** Errors and warnings of the validator with its SARIF and GitHub rules, as "rule: path in the file". */
export function multitoolProblems(sarif: string): string[] {
  if (multitool === undefined) throw new Error('The validator is not installed for this platform.');
  chmodSync(multitool, 0o755);
  const folder = mkdtempSync(join(tmpdir(), 'sarif-'));
  try {
    const [file, config, output] = ['report.sarif', 'rules.xml', 'found.sarif'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const enabled = OPTIONAL_RULES.map(
      (rule) =>
        `<Properties Key="${rule}.Options"><Property Key="RuleEnabled" Value="Error" Type="Driver.RuleEnabledState" /></Properties>`,
    );
    writeFileSync(file, sarif);
    writeFileSync(config, `<?xml version="1.0" encoding="utf-8"?><Properties>${enabled.join('')}</Properties>`);
    // Its exit code is 0 whatever it found, so only the log counts.
    const run = spawnSync(multitool, [
      ...['validate', file, '--rule-kind', 'Sarif;Ghas', '--config', config, '--level', 'Error;Warning'],
      ...['--quiet', 'true', '--output', output, '--log', 'ForceOverwrite'],
    ]);
    if (!existsSync(output)) throw new Error(`The validator wrote no log: ${run.stderr}${run.stdout}`);
    const log: Log = JSON.parse(readFileSync(output, 'utf8'));
    return log.runs
      .flatMap((entry) => entry.results ?? [])
      .map(({ ruleId, message }) => `${ruleId}: ${message.arguments?.join(' ') ?? message.text}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
