/** Knows a few advisories for tests, made from records in OSV's format as the database makes them. */
import { entriesOf } from '../src/facts/advisories-record.ts';
import { type Advisories, type Advisory, keyOf } from '../src/facts/packages/advisory.ts';
import { ecosystems } from '../src/facts/packages/model.ts';

type Events = readonly Readonly<Record<string, string>>[];

export function record(id: string, ecosystem: string, name: string, events: Events, more: object = {}): object {
  return {
    id,
    modified: '2026-11-01T00:00:00Z',
    published: '2026-10-01T00:00:00Z',
    summary: `Test advisory for ${name}`,
    affected: [{ package: { ecosystem, name }, ranges: [{ type: 'ECOSYSTEM', events }] }],
    ...more,
  };
}

const critical = { severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }] };

export const records: readonly object[] = [
  record('PYSEC-2021-66', 'PyPI', 'jinja2', [{ introduced: '0' }, { fixed: '2.11.3' }], {
    aliases: ['CVE-2020-28493'],
  }),
  record('PYSEC-2021-142', 'PyPI', 'pyyaml', [{ introduced: '0' }, { fixed: '5.4' }], {
    aliases: ['CVE-2020-14343'],
    ...critical,
  }),
  record('T-1', 'PyPI', 'holey', [{ introduced: '1.0' }, { fixed: '1.2' }], { aliases: ['CVE-1'] }),
  record('T-2', 'PyPI', 'holey', [{ introduced: '0' }, { fixed: '1.3' }], { aliases: ['CVE-1'], ...critical }),
  record('T-3', 'PyPI', 'holey', [{ introduced: '1.1' }, { fixed: '1.5' }], {
    aliases: ['CVE-3'],
    database_specific: { severity: 'LOW' },
  }),
  record('T-4', 'PyPI', 'holey', [{ introduced: '0' }], { withdrawn: '2026-10-02T00:00:00Z' }),
  record('T-5', 'PyPI', 'old-claim', [{ introduced: '0' }], { published: '2019-01-01T00:00:00Z' }),
  record('T-6', 'PyPI', 'unmended', [{ introduced: '0' }, { last_affected: '3.0' }]),
  record('T-7', 'PyPI', 'old-only', [{ introduced: '0' }, { fixed: '2.0' }]),
  record('MAL-2026-1', 'PyPI', 'evil-thing', [{ introduced: '0' }]),
  record('T-8', 'npm', 'lodash', [{ introduced: '0' }, { fixed: '4.17.21' }], critical),
  record('T-9', 'Go', 'github.com/a/a', [{ introduced: '0' }, { fixed: '1.2.4' }]),
];

/** What a scan would be given when the database held these records. */
export function advisoriesFrom(list: readonly object[] = records): Advisories {
  const packages: Record<string, Advisory[]> = {};
  for (const { ecosystem, name, advisory } of list.flatMap(entriesOf)) {
    const key = keyOf(ecosystem, name);
    packages[key] = [...(packages[key] ?? []), advisory];
  }
  return { asOf: '2026-11-20', covered: ecosystems, gaps: {}, online: false, packages };
}
