/** Knows the default command: scan, write each asked format, judge the gates, give the exit code. */
import { compareReports, parseBaseline } from '../baseline.ts';
import { parseGates } from '../gate.ts';
import { type Notification, UserError } from '../problem.ts';
import type { Report } from '../report.ts';
import { reporters } from '../reporters/index.ts';
import type { ReporterOptions } from '../reporters/reporter.ts';
import { decimal } from '../score.ts';
import { appendText, readGiven, writeResult } from './files.ts';
import { EXIT, type Io } from './io.ts';
import { auditPrepared, known, prepare, type ScanFlags } from './prepare.ts';

export interface OutputFlags {
  readonly format?: readonly string[];
  readonly output?: string;
  readonly profile?: 'full' | 'github';
  readonly category?: string;
  readonly failOn?: readonly string[];
  readonly failOnEmpty?: boolean;
  readonly baseline?: string;
  readonly updateBaseline?: boolean;
  readonly strict?: boolean;
  readonly stats?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly color?: boolean;
}

interface Target {
  readonly format: string;
  /** Undefined: standard output. */
  readonly file: string | undefined;
}

/** Runs a scan; returns the exit code. Throws UserError for anything the user can mend. */
export async function scan(path: string, flags: ScanFlags & OutputFlags, io: Io): Promise<number> {
  const targets = targetsOf(flags);
  parseGates(flags.failOn ?? []);
  const started = performance.now();
  const prepared = await prepare(path, flags, io);
  const gates = parseGates(flags.failOn ?? prepared.config.failOn);
  const baseline = flags.baseline ?? prepared.config.baseline;
  if (gates.some((gate) => gate.text === 'new') && baseline === undefined) {
    throw new UserError(
      '--fail-on new needs --baseline FILE to know what is new.',
      'Write one with: audit -f json=baseline.json',
    );
  }
  let report = await auditPrepared(prepared, flags, io);
  if (baseline !== undefined) report = withBaseline(report, baseline, flags.updateBaseline ?? false, io);

  const options = reporterOptions(path, flags, io);
  for (const { format, file } of targets) {
    const text = reporters[format]!(report, file === undefined ? options : { ...options, color: false });
    if (file === undefined) io.out(text);
    else writeResult(io.cwd, file, text);
  }
  writeForGitHub(report, targets, options, io);
  if (!flags.quiet) io.err(warnings(report.notifications, flags.verbose ?? false));
  if (flags.stats) io.err(statistics(report, performance.now() - started, io.peakMemory()));

  const missed = gates.flatMap((gate) => gate.missed(report) ?? []);
  for (const reason of missed) io.err(`audit: gate missed: ${reason}\n`);
  if (missed.length > 0) return EXIT.gateMissed;
  if (flags.strict && incomplete(report)) {
    io.err('audit: --strict: some items could not be assessed because of errors; see the warnings.\n');
    return EXIT.incomplete;
  }
  if (report.files.listed === 0) {
    io.err(`audit: warning: ${path} holds no files to judge; check the path and the ignore files.\n`);
    if (flags.failOnEmpty) return EXIT.noInput;
  }
  return EXIT.ok;
}

function targetsOf(flags: OutputFlags): Target[] {
  const targets = (flags.format?.length ? flags.format : ['terminal']).map((word): Target => {
    const at = word.indexOf('=');
    const format = at < 0 ? word : word.slice(0, at);
    const file = at < 0 ? undefined : word.slice(at + 1);
    known(format, Object.keys(reporters), '--format');
    return { format, file: file === '-' ? undefined : file };
  });
  if (flags.output !== undefined) {
    if (targets.length > 1) {
      throw new UserError(
        '--output goes with one format.',
        'For several, give each its file: -f sarif=a.sarif -f json=a.json',
      );
    }
    return [{ format: targets[0]!.format, file: flags.output === '-' ? undefined : flags.output }];
  }
  if (targets.filter((target) => target.file === undefined).length > 1) {
    throw new UserError('Only one format can go to standard output.', 'Give the others a file: -f sarif=audit.sarif');
  }
  return targets;
}

function withBaseline(report: Report, name: string, update: boolean, io: Io): Report {
  if (update) {
    writeResult(io.cwd, name, reporters.json!(report));
    return report;
  }
  const before = parseBaseline(readGiven(io.cwd, name, 'baseline'), name);
  return Object.freeze({ ...report, comparison: compareReports(before, report) });
}

/** What every text output is asked for: profile, colour, width, glyphs. */
export function reporterOptions(path: string, flags: OutputFlags, io: Io): ReporterOptions {
  const utf8 = /utf-?8/i.test(io.env.LC_ALL || io.env.LC_CTYPE || io.env.LANG || 'UTF-8');
  return {
    profile: flags.profile ?? (io.env.GITHUB_ACTIONS === 'true' ? 'github' : 'full'),
    ...(flags.category === undefined ? {} : { category: flags.category }),
    color: flags.color ?? colored(io),
    width: io.columns,
    ascii: !utf8 || io.env.TERM === 'dumb',
    verbose: flags.verbose ?? false,
    root: path,
  };
}

function colored(io: Io): boolean {
  if (io.env.NO_COLOR) return false;
  if (io.env.FORCE_COLOR) return io.env.FORCE_COLOR !== '0';
  return io.stdoutIsTerminal && io.env.TERM !== 'dumb';
}

/** In a GitHub Actions step: the summary page and the step's outputs. */
function writeForGitHub(report: Report, targets: readonly Target[], options: ReporterOptions, io: Io): void {
  const { GITHUB_STEP_SUMMARY: summary, GITHUB_OUTPUT: output } = io.env;
  if (summary) appendText(io.cwd, summary, reporters.markdown!(report, options));
  if (!output) return;
  const outputs = {
    ...(report.scope === 'full' ? { score: decimal(report.score.score) } : {}),
    'target-met': String(report.score.targetMet),
    findings: String(report.findings.filter((finding) => finding.confidence !== 'low').length),
    ...(report.comparison
      ? {
          'new-findings': String(report.comparison.added.length),
          'fixed-findings': String(report.comparison.fixed.length),
        }
      : {}),
    'sarif-file': targets.find((target) => target.format === 'sarif')?.file ?? '',
  };
  const lines = Object.entries(outputs).map(([name, value]) => `${name}=${value.replace(/[\r\n]/g, ' ')}\n`);
  appendText(io.cwd, output, lines.join(''));
}

/** Notifications as lines for standard error; notes only when asked for. */
function warnings(notifications: readonly Notification[], verbose: boolean): string {
  const shown = notifications.filter((one) => verbose || one.level !== 'note');
  const limit = verbose ? shown.length : 20;
  const lines = shown.slice(0, limit).map(({ level, path, line, message }) => {
    const place = path === undefined ? '' : `${printable(path)}${line === undefined ? '' : `:${line}`}: `;
    return `audit: ${level}: ${place}${printable(message)}\n`;
  });
  if (shown.length > limit) lines.push(`audit: and ${shown.length - limit} more; -v lists all.\n`);
  return lines.join('');
}

/** Control and direction characters of scanned names as visible escapes, so that they cannot steer a terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, (c) => {
    return `\\u${c.codePointAt(0)!.toString(16).padStart(4, '0')}`;
  });
}

function statistics(report: Report, milliseconds: number, memory: number): string {
  const { files } = report;
  const kinds = files.kinds.map(({ kind, files: n, broken }) => {
    const share = n + broken === 0 ? 100 : Math.floor(((n - Math.min(n, broken)) * 1000) / n) / 10;
    return `  ${kind.padEnd(12)} ${String(n).padStart(6)} ${n === 1 ? 'file, ' : 'files,'} ${broken} not fully understood (${share} % understood)\n`;
  });
  return [
    `${files.listed} files listed, ${files.read} read in ${(milliseconds / 1000).toFixed(2)} s, ${memory} MB at most\n`,
    ...kinds,
    ...files.skipped.map(({ reason, count }) => `  ${reason.padEnd(12)} ${String(count).padStart(6)} left out\n`),
  ].join('');
}

/** Something failed, as opposed to a check that does not exist yet or was not selected. */
function incomplete(report: Report): boolean {
  return report.notifications.some(
    (one) => one.level === 'error' || (one.level === 'warning' && one.kind !== 'configuration'),
  );
}
