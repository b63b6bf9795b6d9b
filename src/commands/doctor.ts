/** Knows the doctor command: what this installation has to work with, and how much of a repository it understands. */
import { arch, platform, release } from 'node:os';
import { versions } from 'node:process';
import { defineCheck } from '../check.ts';
import { databaseFolder, ecosystemsIn } from '../facts/advisories.ts';
import { collectFacts } from '../facts/collect.ts';
import { provenance } from '../facts/git.ts';
import { extractors } from '../facts/index.ts';
import { otherKinds, shareOf, type Understood, understood, understoodNeeds } from '../facts/understood.ts';
import { openFolder, type Zone } from '../facts/workspace.ts';
import { VERSION } from '../version.ts';
import { EXIT, type Io } from './io.ts';
import { prepare, type ScanFlags, workspaceOptionsOf } from './prepare.ts';

const ZONES: ReadonlySet<Zone> = new Set<Zone>(['production', 'test', 'example', 'docs', 'archive']);
const SHOWN = 20;

/** Asks for every kind of configuration file and judges nothing. */
const reader = defineCheck({
  id: 'doctor',
  needs: understoodNeeds,
  messages: {},
  assess: () => ({ subjects: [], lookedFor: '' }),
});

/** Prints the report. Throws UserError for a bad path or configuration. */
export async function doctor(path: string, flags: ScanFlags, io: Io): Promise<number> {
  const { root, config } = await prepare(path, flags, io);
  const workspace = openFolder(root, workspaceOptionsOf(flags, config));
  const collected = await collectFacts(workspace, { checks: [reader], extractors, zones: ZONES, asked: ZONES });
  const broken = collected.broken.get('doctor') ?? [];
  const groups = understood(workspace, collected.facts, broken, ZONES);
  const { commit } = provenance(root);
  const folder = databaseFolder(io.env);
  const held = ecosystemsIn(folder);
  const left = workspace.skipped().map(({ reason, count }) => `${count} ${reason}`);
  const others = otherKinds(collected);
  const kinds = others.map((one) => row(one.kind, one.files, Math.min(one.files, one.broken)));
  const lost = [
    ...groups.flatMap((group) => group.lost),
    ...broken.filter((file) => others.some(({ kind }) => kind === file.kind)),
  ];
  io.out(
    [
      `hardening-audit ${VERSION}, Node.js ${versions.node}, ${platform()} ${release()} ${arch()}`,
      `repository   ${commit === undefined ? 'not under git' : `git, commit ${commit.slice(0, 12)}`}`,
      `advisories   ${held.length > 0 ? `${held.join(', ')} in ${folder}` : 'none; "audit db update" downloads them'}`,
      `files        ${workspace.files.length} listed, ${collected.read} read${left.length > 0 ? `; left out: ${left.join(', ')}` : ''}`,
      ...config.notifications.map(({ message }) => `configuration: ${message}`),
      '',
      ...summary(groups),
      ...(kinds.length > 0 ? ['', 'Other configuration', ...kinds] : []),
      ...reasons(lost),
      '',
    ].join('\n'),
  );
  return EXIT.ok;
}

function row(what: string, files: number, lost: number): string {
  return `  ${what.padEnd(26)} ${String(files).padStart(6)} ${files === 1 ? 'file, ' : 'files,'} ${String(files - lost).padStart(6)} understood, ${shareOf(files, lost)}`;
}

function summary(groups: readonly Understood[]): string[] {
  const files = groups.reduce((sum, group) => sum + group.files, 0);
  const lost = groups.reduce((sum, group) => sum + group.lost.length, 0);
  return [
    `YAML and templates: ${files - lost} of ${files} files understood (${shareOf(files, lost)})`,
    ...groups.map((group) => row(group.what, group.files, group.lost.length)),
  ];
}

function reasons(lost: Understood['lost']): string[] {
  if (lost.length === 0) return [];
  const more = lost.length > SHOWN ? [`  and ${lost.length - SHOWN} more`] : [];
  return ['', 'Not understood', ...lost.slice(0, SHOWN).map(({ path, reason }) => `  ${path}: ${reason}`), ...more];
}
