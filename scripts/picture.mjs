// Draws docs/terminal.svg from a real run of the main job: the first finding and the summary, as a terminal shows them.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const args = ['dist/cli.js', 'fixtures/repos/mesh-platform', '--as-of', '2026-01-18'];
const env = { PATH: process.env.PATH, FORCE_COLOR: '1', COLUMNS: '96', LANG: 'C.UTF-8' };
const all = execFileSync(process.execPath, args, {
  cwd: root,
  env,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
})
  .trimEnd()
  .split('\n');
const plain = all.map(stripVTControlCharacters);
const summary = plain.findIndex((line) => line.includes('─ Roadmap ─'));
// One item's findings are enough; the commit and branch in the title would change with every run.
const starts = plain.flatMap((line, i) => (/^ [✖◐✔] \S/.test(line) ? [i] : []));
const first = starts[0];
const end = plain.findIndex((line, i) => i > first && /^ [✖◐✔] \S|^─/.test(line));
const title = all[0].replace(/ on \S+ [0-9a-f]{7,}/, '');
const lines = [title, ...all.slice(1, end), ' …', '', ...all.slice(summary)];
const columns = Math.max(...lines.map((line) => stripVTControlCharacters(line).length));

const COLORS = {
  30: '#8b949e',
  31: '#ff8a80',
  32: '#5eead4',
  33: '#f6b352',
  34: '#7fb2ff',
  35: '#d2a8ff',
  36: '#7fb2ff',
  37: '#e6edf3',
  90: '#8b949e',
};
const xml = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

const STYLE = /(\p{Cc}\[[\d;]*m)/u;

/** One line of ANSI text as SVG spans. */
function spans(line) {
  let style = { fill: '#e6edf3' };
  return line
    .split(STYLE)
    .map((part) => {
      const codes = part.startsWith('\u001b') ? part.slice(2, -1) : undefined;
      if (codes === undefined) {
        if (part === '') return '';
        const attributes = Object.entries(style).map(([name, value]) => `${name}="${value}"`);
        return `<tspan ${attributes.join(' ')}>${xml(part)}</tspan>`;
      }
      for (const code of codes.split(';').map(Number)) {
        if (code === 0) style = { fill: '#e6edf3' };
        else if (code === 1) style = { ...style, 'font-weight': 'bold' };
        else if (code === 2) style = { ...style, 'fill-opacity': '0.65' };
        else if (code === 22) style = { fill: style.fill };
        else if (code === 39) style = { ...style, fill: '#e6edf3' };
        else if (COLORS[code]) style = { ...style, fill: COLORS[code] };
      }
      return '';
    })
    .join('');
}

const [charWidth, lineHeight, margin] = [8.43, 18, 16];
const width = Math.ceil(columns * charWidth + 2 * margin);
const height = lines.length * lineHeight + 2 * margin;
const rows = lines.map(
  (line, i) => `<text x="${margin}" y="${margin + 13 + i * lineHeight}" xml:space="preserve">${spans(line)}</text>`,
);
writeFileSync(
  new URL('../docs/terminal.svg', import.meta.url),
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Terminal output of an audit: a finding, progress by phase, the next best steps and the score">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
${rows.join('\n')}
</g>
</svg>
`,
);
