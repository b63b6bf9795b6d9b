import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { doctor } from '../../src/commands/doctor.ts';

async function ask(files: Readonly<Record<string, string>>): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'doctor-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    let out = '';
    const io = {
      cwd: root,
      env: { HARDENING_AUDIT_DB: join(root, 'none') },
      out: (text: string) => {
        out += text;
      },
      err: () => {},
      stdoutIsTerminal: false,
      columns: 80,
      today: '2026-11-01',
      peakMemory: () => 1,
    };
    expect(await doctor('.', { config: false }, io)).toBe(0);
    return out;
  } finally {
    rmSync(root, { recursive: true });
  }
}

test('files are counted by what they are, and what was lost comes with its reason', async () => {
  const out = await ask({
    'k8s/pod.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: b}]}\n',
    'k8s/bad.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: [\n',
    'compose.yaml': 'services:\n  a:\n    image: b\n',
    'settings.yml': 'a: 1\n',
    'broken.yml': 'a: [1\nb: {\n',
    'c/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
    'c/templates/good.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n',
    'c/templates/bad.yaml': 'a: {{ notAFunction 1 }}\n',
    Dockerfile: 'FROM a\n',
    'x/Dockerfile': 'FROM a\nCURL b\n',
  });
  const lines = out.replace(/ +/g, ' ').split('\n');
  expect(lines).toContain('YAML and templates: 5 of 8 files understood (62.5 %)');
  expect(lines).toContain(' Helm template 2 files, 1 understood, 50 %');
  expect(lines).toContain(' Helm values and metadata 1 file, 1 understood, 100 %');
  expect(lines).toContain(' Kubernetes 2 files, 1 understood, 50 %');
  expect(lines).toContain(' compose 1 file, 1 understood, 100 %');
  expect(lines).toContain(' other YAML 2 files, 1 understood, 50 %');
  expect(lines).toContain(' dockerfile 2 files, 1 understood, 50 %');
  expect(out).toContain('  x/Dockerfile: unknown instruction CURL');
  expect(lines).toContain('repository not under git');
  expect(out).toMatch(/c\/templates\/bad\.yaml: .*notAFunction/);
  expect(out).toMatch(/k8s\/bad\.yaml: /);
  expect(out).not.toMatch(/good\.yaml/);
});

test('an empty folder is understood', async () => {
  expect(await ask({})).toContain('YAML and templates: 0 of 0 files understood (100 %)');
});
