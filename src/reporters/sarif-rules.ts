/** Knows the rules and taxonomies of our SARIF: one rule for each roadmap item, whatever was found. */
import type { ReportingDescriptor, ToolComponent } from 'sarif';
import type { ItemReport, Level, Phase, Report, RuleReport } from '../report.ts';
import { clip, sentences } from './plain.ts';

/** Results that are no place to mend (state of an item that failed or could not be judged) stand under this rule. */
export const STATE_RULE = 'roadmap-state';
/** Findings to review stand under a rule of their own, because precision belongs to the rule. */
export const reviewRule = (item: string): string => `${item}-review`;

const LEVELS: readonly Level[] = ['note', 'warning', 'error'];
/** Highest severity that GitHub shows as medium or low, so that a lowered level is not outvoted by it. */
const SEVERITY_LIMIT: Readonly<Record<Level, number>> = { note: 3.9, warning: 6.9, error: 10 };
const MAX_TEXT = 1000;
const MAX_MARKDOWN = 10_000;

export interface Rules {
  readonly rules: ReportingDescriptor[];
  readonly index: ReadonlyMap<string, number>;
  readonly taxonomies: ToolComponent[];
  /** Number of a CWE within the taxonomy. */
  readonly cwe: ReadonlyMap<number, number>;
}

export function lowered(level: Level, limit: Level = 'error'): Level {
  return LEVELS[Math.min(LEVELS.indexOf(level), LEVELS.indexOf(limit))]!;
}

/** Rules of every item and page, sorted by id, with the taxonomy they refer to. */
export function rulesOf(report: Report, maxLevel: Level | undefined, withStates: boolean): Rules {
  const items = new Map(report.items.map((item) => [item.id, item]));
  const pages = new Map(report.rules.map((rule) => [rule.id, rule]));
  for (const item of report.items) if (!pages.has(item.id)) pages.set(item.id, pageOf(item));
  const numbers = [...new Set([...pages.values()].flatMap((page) => page.cwe))].sort((a, b) => a - b);
  const cwe = new Map(numbers.map((number, index) => [number, index]));
  const toReview = new Set(
    [...report.findings, ...report.suppressed.map((entry) => entry.finding)]
      .filter((finding) => finding.confidence === 'low')
      .map((finding) => finding.item),
  );

  const rules = [...pages.values()].flatMap((page) => {
    const rule = ruleOf(page, items.get(page.id), cwe, maxLevel);
    return withStates && toReview.has(page.id) ? [rule, reviewOf(rule)] : [rule];
  });
  if (withStates) rules.push(stateRule());
  rules.sort((a, b) => (a.id < b.id ? -1 : 1));
  const taxonomies = numbers.length === 0 ? [] : [taxonomy(numbers)];
  return { rules, index: new Map(rules.map((rule, index) => [rule.id, index])), taxonomies, cwe };
}

function ruleOf(
  page: RuleReport,
  item: ItemReport | undefined,
  cwe: ReadonlyMap<number, number>,
  maxLevel: Level | undefined,
): ReportingDescriptor {
  const phase = item?.phase ?? 'P2';
  const security = item?.impact10 !== undefined;
  const level = lowered(levelOf(phase, page.precision), maxLevel);
  const cweTags = page.cwe.slice(0, 8).map((number) => `external/cwe/cwe-${String(number).padStart(3, '0')}`);
  const help = sentences(page.summary, page.why);
  const [firstCwe] = page.cwe;
  return {
    id: page.id,
    name: pascalCase(page.id),
    shortDescription: { text: clip(sentences(page.title), MAX_TEXT) },
    fullDescription: { text: clip(sentences(page.summary) || sentences(page.title), MAX_TEXT) },
    help: {
      text: clip(
        [help, section(page.markdown, 'How to fix')].filter(Boolean).join('\n\n') || sentences(page.title),
        MAX_MARKDOWN,
      ),
      markdown: clipMarkdown(page.markdown) || sentences(page.title),
    },
    ...(firstCwe !== undefined && { helpUri: `https://cwe.mitre.org/data/definitions/${firstCwe}.html` }),
    defaultConfiguration: { level },
    ...(page.cwe.length > 0 && {
      relationships: [...new Set(page.cwe)].map((number) => ({
        target: { id: `CWE-${number}`, index: cwe.get(number)!, toolComponent: { name: 'CWE', index: 0 } },
        kinds: ['superset'],
      })),
    }),
    properties: {
      item: page.id,
      phase,
      precision: page.precision,
      'problem.severity': level === 'note' ? 'recommendation' : level,
      ...(security && { 'security-severity': severityOf(phase, page, maxLevel) }),
      tags: [...(security ? ['security'] : []), ...new Set(cweTags), phase],
    },
  };
}

function reviewOf(rule: ReportingDescriptor): ReportingDescriptor {
  return {
    ...rule,
    id: reviewRule(rule.id),
    name: `${rule.name}Review`,
    shortDescription: { text: clip(`To review: ${rule.shortDescription!.text}`, MAX_TEXT) },
    defaultConfiguration: { level: 'note' },
    properties: { ...rule.properties, precision: 'low' },
  };
}

/** It carries no item of its own: a result under an item's rule is a place to look at, or says that there is none. */
function stateRule(): ReportingDescriptor {
  return {
    id: STATE_RULE,
    name: pascalCase(STATE_RULE),
    shortDescription: { text: 'State of a roadmap item.' },
    fullDescription: { text: 'Says how far a roadmap item is, or why it could not be judged. It is no finding.' },
    help: { text: 'The findings of the item say what to mend. The score is in the properties of the run.' },
    defaultConfiguration: { level: 'note' },
    properties: { precision: 'very-high', 'problem.severity': 'recommendation', tags: ['roadmap'] },
  };
}

function levelOf(phase: Phase, precision: RuleReport['precision']): Level {
  if (phase === 'P0') return 'error';
  if (phase === 'P1') return precision === 'medium' || precision === 'low' ? 'warning' : 'error';
  return phase === 'P2' ? 'warning' : 'note';
}

/** GitHub's bands: over 9.0 critical, from 7.0 high, from 4.0 medium, else low. */
function severityOf(phase: Phase, page: RuleReport, maxLevel: Level = 'error'): string {
  const unsure = page.precision === 'medium' || page.precision === 'low';
  const value: Readonly<Record<Phase, number>> = {
    P0: page.severity === 'critical' ? 9.3 : 8.1,
    P1: unsure ? 7 : 7.5,
    P2: 5,
    P3: 2.5,
  };
  return Math.min(value[phase], SEVERITY_LIMIT[maxLevel]).toFixed(1);
}

function taxonomy(numbers: readonly number[]): ToolComponent {
  return {
    name: 'CWE',
    organization: 'MITRE',
    informationUri: 'https://cwe.mitre.org/',
    shortDescription: { text: 'The MITRE Common Weakness Enumeration.' },
    isComprehensive: false,
    taxa: numbers.map((number) => ({
      id: `CWE-${number}`,
      helpUri: `https://cwe.mitre.org/data/definitions/${number}.html`,
    })),
  };
}

function pageOf(item: ItemReport): RuleReport {
  const { id, title } = item;
  return { id, title, severity: 'medium', cwe: [], precision: 'high', summary: title, why: '', markdown: title };
}

function pascalCase(id: string): string {
  return id.replace(/(?:^|-)([a-z0-9])/g, (_, first: string) => first.toUpperCase());
}

/** Text under a `##` heading of the page. */
function section(markdown: string, heading: string): string {
  const [, text = ''] = markdown.split(new RegExp(`^## ${heading}[ \\t]*$`, 'm'));
  return text.split(/^## /m, 1)[0]!.trim();
}

/** The page, cut before the section that does not fit: half a code block would swallow the rest. */
function clipMarkdown(markdown: string): string {
  if (markdown.length <= MAX_MARKDOWN) return markdown;
  const cut = markdown.lastIndexOf('\n## ', MAX_MARKDOWN);
  return cut > 0 ? markdown.slice(0, cut).trimEnd() : '';
}
