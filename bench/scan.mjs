// Measures cold scans of folders: wall clock, processor time and peak memory (the median of n runs), and where the time goes.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', short: 'n', default: '3' },
    only: { type: 'string', multiple: true, default: [] },
    functions: { type: 'string', default: '25' },
  },
});
if (positionals.length === 0) {
  console.error('usage: node bench/scan.mjs [-n RUNS] [--only ITEM]... [--functions N] FOLDER...');
  process.exit(64);
}

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
/** Runs in the scan's process: only there its own use of memory and processor can be asked. */
const report = `import { writeSync } from 'node:fs';
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  writeSync(3, JSON.stringify({ cpu: (userCPUTime + systemCPUTime) / 1e6, memory: Math.round(maxRSS / 1024) }));
});`;

function scan(folder, ...node) {
  const flags = ['--no-config', '--fail-on', 'never', '-q', '-f', 'json=/dev/null'];
  const items = values.only.flatMap((item) => ['--only', item]);
  const preload = `data:text/javascript,${encodeURIComponent(report)}`;
  const started = performance.now();
  const { status, output, stderr } = spawnSync(
    process.execPath,
    [...node, '--import', preload, cli, 'scan', folder, ...flags, ...items],
    { stdio: ['ignore', 'ignore', 'pipe', 'pipe'], encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`the scan of ${folder} failed:\n${stderr}`);
  return { wall: (performance.now() - started) / 1000, ...JSON.parse(output[3]) };
}

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Seconds by function, with what it calls and without, from a profile of one run. */
function profile(folder) {
  const into = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    scan(folder, '--cpu-prof', `--cpu-prof-dir=${into}`, '--cpu-prof-interval=2000');
    return seconds(JSON.parse(readFileSync(join(into, readdirSync(into)[0]), 'utf8')));
  } finally {
    rmSync(into, { recursive: true });
  }
}

function seconds({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, { ...node, self: 0 }]));
  for (const [i, id] of samples.entries()) byId.get(id).self += timeDeltas[i] / 1e6;
  const own = new Map();
  const whole = new Map();
  const add = (map, name, time) => map.set(name, (map.get(name) ?? 0) + time);
  const visit = (node, above) => {
    const { functionName, url } = node.callFrame;
    const place = url.includes('node_modules/') ? ` (${url.split('node_modules/').pop().split('/dist')[0]})` : '';
    const name = `${(functionName || '(anonymous)').replace(/\$\d+$/, '')}${place}`;
    const inside = new Set([...above, name]);
    let total = node.self;
    for (const id of node.children ?? []) total += visit(byId.get(id), inside);
    add(own, name, node.self);
    if (!above.has(name)) add(whole, name, total);
    return total;
  };
  visit(byId.get(nodes[0].id), new Set());
  return { own, whole };
}

/** The functions that are a stage of the line from a folder to a report, or a large part of one. */
const stages = 'openFolder collectFacts parsePython parseWith interpret shellFile judgeAll allCalls assemble'.split(
  ' ',
);

for (const folder of positionals) {
  const runs = Array.from({ length: Number(values.runs) }, () => scan(folder));
  const of = (key) => median(runs.map((run) => run[key]));
  console.log(`${folder}: ${of('wall').toFixed(2)} s wall, ${of('cpu').toFixed(2)} s processor, ${of('memory')} MB`);
  if (values.functions === '0') continue;
  const { own, whole } = profile(folder);
  const line = ([name, time]) => `  ${time.toFixed(2).padStart(7)}  ${name}`;
  console.log('  seconds in stages, with what they call');
  for (const name of [...stages, '(garbage collector)'])
    if (whole.has(name)) console.log(line([name, whole.get(name)]));
  console.log('  seconds in functions, without what they call');
  const most = [...own].sort((a, b) => b[1] - a[1]).slice(0, Number(values.functions));
  for (const entry of most) console.log(line(entry));
}
