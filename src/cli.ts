#!/usr/bin/env node
/** Knows the command line: argv to a command, an error to an exit code. The only user of process streams. */
import { realpathSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { EXIT, type Io } from './commands/io.ts';
import { suggest, UserError } from './problem.ts';
import { VERSION } from './version.ts';

function realIo(): Io {
  const { stdout, stderr, env } = process;
  const epoch = env.SOURCE_DATE_EPOCH;
  return {
    cwd: realpathSync(process.cwd()),
    env,
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    stdoutIsTerminal: stdout.isTTY ?? false,
    columns: stdout.columns ?? (Number(env.COLUMNS) || 80),
    today: (epoch ? new Date(Number(epoch) * 1000) : new Date()).toISOString().slice(0, 10),
    peakMemory: () => Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

const list = (value: string, earlier: readonly string[] = []): string[] => [
  ...earlier,
  ...value.split(',').flatMap((word) => word.trim() || []),
];
const collect = (value: string, earlier: readonly string[] = []): string[] => [...earlier, value];

/** Options that say what is scanned; the same for every command that scans. */
function scanning(command: Command): Command {
  return command
    .option('-c, --config <file>', 'configuration file (default: audit.config.yaml and friends, up to the git root)')
    .option('--no-config', 'use no configuration file')
    .option('--roadmap <file>', "a team's own roadmap, alone or extending the built-in one")
    .option('--only <items>', 'judge only these items (comma-separated)', list)
    .option('--skip <items>', 'leave these items out', list)
    .option('--phase <phases>', 'judge only items of these phases (P0, P1, P2, P3)', list)
    .option('--include <globs>', 'scan only matching paths', list)
    .option('--exclude <globs>', 'leave matching paths out', list)
    .option('--no-ignore', 'scan what .gitignore and .auditignore leave out, too')
    .option(
      '--zones <zones>',
      'show findings of other zones: test, example, docs, vendored, generated, archive, all',
      list,
    )
    .option('--max-file-size <size>', 'do not read larger files (default: 2M)')
    .addOption(new Option('--offline', 'ask nobody in the network (the default)').conflicts('online'))
    .option('--online', "ask OSV's API about pinned packages of public registries")
    .option('--advisory-db <path>', "advisory database: a folder of indexes or of OSV's zips, or one such file")
    .option('--allow-stale', 'judge by advisories older than 30 days, too')
    .option('--osv-url <url>', "another address of OSV's API")
    .option('--as-of <date>', 'date for due dates and expiries (default: today)');
}

function program(io: Io, finish: (code: number) => void): Command {
  const root = new Command('audit')
    .description(
      'Audits a repository against a security-hardening roadmap: one explained score, findings with fixes, SARIF.',
    )
    .version(VERSION, '-V, --version')
    .addHelpText('after', '\nThe options of a scan: audit scan --help')
    .showHelpAfterError('(audit --help shows all options)')
    .showSuggestionAfterError(true)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err });

  scanning(root.command('scan', { isDefault: true }).argument('[path]', 'repository folder', '.'))
    .description('scan a repository (the default command)')
    .option('-f, --format <name[=file]>', 'terminal, json, sarif, markdown, github; repeatable', collect)
    .option('-o, --output <file>', 'file for a single format; - is standard output')
    .addOption(new Option('--profile <profile>', 'which results SARIF carries').choices(['full', 'github']))
    .option('--category <name>', 'SARIF category, when one commit has several reports')
    .option(
      '--fail-on <gates>',
      'exit 1 on: error, warning, note, new, fixable, overdue, score<7.5, phase:P0, never',
      collect,
    )
    .option('--fail-on-empty', 'exit 4 when there is no file to judge')
    .option('--baseline <file>', 'earlier JSON report to compare with')
    .option('--update-baseline', 'write the baseline file instead of comparing with it')
    .option('--staged', 'judge only what is staged for the next commit, read from the index')
    .option('--strict', 'exit 3 when an error left something unassessed')
    .option('--stats', 'print counts, time and memory on standard error')
    .option('-q, --quiet', 'no warnings on standard error')
    .option('-v, --verbose', 'every finding and every warning in full')
    .option('--color', 'colours even without a terminal')
    .option('--no-color', 'no colours')
    .addHelpText(
      'after',
      `\nExit codes: 0 ok, 1 a requested gate was missed, 2 usage or configuration error, 3 incomplete with --strict,\n4 no input with --fail-on-empty, 70 a bug of this program, 130 interrupted.`,
    )
    .action(async (path: string, flags: object) =>
      finish(await (await import('./commands/scan.ts')).scan(path, flags, io)),
    );

  scanning(root.command('config').argument('[path]', 'repository folder', '.'))
    .description('print the configuration in force and where every value comes from')
    .option('--print', 'the default')
    .action(async (path: string, flags: object) => {
      finish(await (await import('./commands/config.ts')).config(path, flags, io));
    });
  scanning(
    root.command('explain').argument('<subject>', 'score, or an item').argument('[path]', 'repository folder', '.'),
  )
    .description('scan, and show the score as a sum to redo by hand, or an item with its proof')
    .option('--color', 'colours even without a terminal')
    .option('--no-color', 'no colours')
    .action(async (subject: string, path: string, flags: object) =>
      finish(await (await import('./commands/explain.ts')).explain(subject, path, flags, io)),
    );
  scanning(root.command('list').argument('<what>', 'items').argument('[path]', 'repository folder', '.'))
    .description('list the items of the roadmap')
    .action(async (what: string, path: string, flags: object) =>
      finish(await (await import('./commands/explain.ts')).list(what, path, flags, io)),
    );
  root
    .command('validate')
    .argument('<file>', 'SARIF file')
    .description('tell whether GitHub code scanning would take a SARIF file')
    .action(async (file: string) => finish((await import('./commands/validate.ts')).run(file, io)));
  scanning(root.command('sbom').argument('[path]', 'repository folder', '.'))
    .description('write a software bill of materials (CycloneDX 1.6) of the pinned and locked packages')
    .option('-o, --output <file>', '- is standard output (the default)')
    .action(async (path: string, flags: object) =>
      finish(await (await import('./commands/sbom.ts')).sbom(path, flags, io)),
    );
  scanning(root.command('doctor').argument('[path]', 'repository folder', '.'))
    .description('tell what this installation has to work with, and how much of the YAML and templates it understands')
    .action(async (path: string, flags: object) =>
      finish(await (await import('./commands/doctor.ts')).doctor(path, flags, io)),
    );
  const database = root.command('db').description('keep the advisory database');
  database
    .command('update')
    .argument(
      '[ecosystems...]',
      'PyPI, npm, Go, crates.io, RubyGems, Packagist, Maven (default: those that are held, else all)',
    )
    .description("download OSV's advisories, or what changed since the last time")
    .option('--advisory-db <folder>', "folder of the database (default: in the user's cache, or HARDENING_AUDIT_DB)")
    .option('--osv-url <url>', "a mirror of OSV's exports")
    .action(async (names: string[], flags: object) =>
      finish(await (await import('./commands/db.ts')).updateDatabase(names, flags, io)),
    );
  scanning(root.command('trend').argument('[path]', 'repository folder', '.'))
    .description('scan, append a record to the history, print the curve')
    .option('--history <file>', 'history file (default: .audit/history.jsonl in the scanned folder)')
    .option('--no-record', 'only print')
    .action(async (path: string, flags: object) =>
      finish(await (await import('./commands/trend.ts')).trend(path, flags, io)),
    );
  return root;
}

/** Explains an error and gives its exit code; only our own bugs show a stack. */
function explainError(error: unknown, io: Io): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof UserError || error instanceof InvalidArgumentError) {
    const hint = error instanceof UserError && error.hint ? `       ${error.hint}\n` : '';
    io.err(`audit: ${error.message}\n${hint}`);
    return EXIT.usage;
  }
  io.err(
    `audit: this is a bug of hardening-audit ${VERSION}, not of your repository. Please report it:\n${(error as Error)?.stack ?? error}\n`,
  );
  return EXIT.bug;
}

/** `audit scna` would be scanned as a folder; a word that is nearly a command is not a path. */
function refuseNearCommand(argv: readonly string[], commands: readonly string[]): void {
  const word = argv[0];
  if (word === undefined || !/^[a-z]+$/.test(word) || commands.includes(word)) return;
  const near = suggest(word, commands);
  if (near === undefined) return;
  try {
    realpathSync(word);
  } catch {
    throw new UserError(`There is no command and no folder "${word}"; did you mean "audit ${near}"?`);
  }
}

const io = realIo();
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : EXIT.bug));
process.on('SIGINT', () => process.exit(EXIT.interrupted));
try {
  const command = program(io, (code) => {
    process.exitCode = code;
  });
  refuseNearCommand(
    process.argv.slice(2),
    command.commands.map((one) => one.name()),
  );
  await command.parseAsync();
} catch (error) {
  process.exitCode = explainError(error, io);
}
