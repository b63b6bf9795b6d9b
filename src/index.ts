/** Knows the public door: what a program or a plugin author may import. */
export { type AuditInput, audit } from './audit.ts';
export {
  type Assessment,
  type Check,
  defineCheck,
  type Finding,
  fail,
  type Message,
  type Options,
  pass,
  type Severity,
  type Subject,
  unknown,
} from './check.ts';
export { checks } from './checks/index.ts';
export type { FactKind, Facts, FactTypes, FileFacts } from './facts/facts.ts';
export { extractors } from './facts/index.ts';
export type { Place, Span } from './facts/span.ts';
export { openFiles, openFolder, type Workspace, workspaceDefaults, type Zone } from './facts/workspace.ts';
export { UserError } from './problem.ts';
export type { Report, ReportFinding } from './report.ts';
export { builtinRoadmap, extendRoadmap, parseRoadmap, type Roadmap } from './roadmap.ts';
