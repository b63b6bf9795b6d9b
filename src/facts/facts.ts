/** Knows which kinds of facts exist, who extracts them, and how checks ask for them. */

import type { ChartFile } from './chart.ts';
import type { OtherPipeline } from './ci/others.ts';
import type { Pipeline } from './ci/pipeline.ts';
import type { Template } from './cloudformation.ts';
import type { Compose } from './compose.ts';
import type { CoverageFile } from './coverage.ts';
import type { Dependencies } from './dependencies.ts';
import type { Dockerfile } from './dockerfile.ts';
import type { EnvironmentFile } from './dotenv.ts';
import type { TaskDefinitions } from './ecs.ts';
import type { HookConfig } from './hooks.ts';
import type { IgnoreFile } from './ignore.ts';
import type { ImageFile } from './images/files.ts';
import type { Manifest } from './kubernetes.ts';
import type { NpmPackage } from './npm.ts';
import type { OrmConfig } from './orm-config.ts';
import type { Advisories } from './packages/advisory.ts';
import type { PlatformFile } from './platforms.ts';
import type { PrismaSchema } from './prisma.ts';
import type { Module } from './program/model.ts';
import type { Script } from './script.ts';
import type { SecretFile } from './secrets/files.ts';
import type { Place, Span } from './span.ts';
import type { TerraformFile } from './terraform.ts';
import type { TestConfig } from './test-config.ts';
import type { TypeScriptConfig } from './tsconfig.ts';
import type { WebserverFile } from './webserver.ts';
import type { SourceFile, Zone } from './workspace.ts';

/** Data extracted from one file, by kind. All of it is plain JSON: it can be cached and moved between threads. */
export interface FactTypes {
  chart: ChartFile;
  cloudformation: Template;
  dockerfile: Dockerfile;
  dotenv: EnvironmentFile;
  compose: Compose;
  coverage: CoverageFile;
  dependencies: Dependencies;
  hooks: HookConfig;
  ignore: IgnoreFile;
  imagefile: ImageFile;
  ecs: TaskDefinitions;
  kubernetes: Manifest;
  npm: NpmPackage;
  ormconfig: OrmConfig;
  platform: PlatformFile;
  prisma: PrismaSchema;
  workflow: Pipeline;
  otherci: OtherPipeline;
  script: Script;
  secretfile: SecretFile;
  systemd: EnvironmentFile;
  terraform: TerraformFile;
  webserver: WebserverFile;
  testConfig: TestConfig;
  tsconfig: TypeScriptConfig;
  program: Module;
}
export type FactKind = keyof FactTypes;

/** What one file holds. `path`, `zone` and `blob` are the file's own. */
export interface FileFacts<T> {
  readonly path: string;
  readonly zone: Zone;
  /** Content identity: equal for byte-identical files. */
  readonly blob: string;
  readonly data: T;
}

/** A place in a file that a parser could not read. */
export interface ParseProblem {
  readonly message: string;
  readonly span: Span;
  /** Nothing of the file was lost (a duplicate key, say): worth a notification, but the file counts as understood. */
  readonly tolerated?: boolean;
}

export interface ExtractInput {
  readonly path: string;
  /** File content: BOM removed, line breaks as they are. All spans are offsets into this text. */
  readonly text: string;
  /** Words of interest of all enabled checks; an extractor may keep less where none occurs. */
  readonly words: readonly string[];
}

export interface Extracted<T> {
  /** Absent when nothing could be read. */
  readonly data?: T;
  readonly problems?: readonly ParseProblem[];
}

/** Reads one kind of file. `accepts` sees every file of the tree, so it only looks at names and a prefix of the text. */
export interface Extractor<K extends FactKind = FactKind> {
  readonly kind: K;
  /** Zones that are read for this kind although nobody asked for them. */
  readonly zones?: readonly Zone[];
  /** Files that say something about those of production wherever they stand. */
  readonly anywhere?: (path: string) => boolean;
  /** By name alone: is this file worth reading for this kind? */
  readonly accepts: (path: string) => boolean;
  /** After reading: does the text belong to this kind? Absent: always. */
  readonly recognises?: (path: string, text: string) => boolean;
  /**
   * Files refer to each other by name: as soon as one of them holds a word of interest, all are read, because the
   * others may define what it uses.
   */
  readonly whole?: boolean;
  /**
   * Kinds that joining the files of this one needs: they are read along with it, whoever asks for it. Words say which
   * files are worth it, `true` is all.
   */
  readonly companions?: { readonly [other in FactKind]?: true | readonly string[] };
  /** Takes so long that files outside production are read only when their zone was asked for. */
  readonly costly?: true;
  /** Loads the parser on first use; the function it gives is pure and synchronous. It may throw: that is our bug. */
  readonly load: () => Promise<(input: ExtractInput) => Extracted<FactTypes[K]>>;
}

/** What a check sees of the repository. */
export interface Facts {
  /** Every file that was listed, read or not, sorted by path. */
  readonly files: readonly SourceFile[];
  /** True when the tree lists a file of this path (relative to the root, forward slashes). */
  has(path: string): boolean;
  /** Facts of one kind, sorted by path. */
  of<K extends FactKind>(kind: K): readonly FileFacts<FactTypes[K]>[];
  /** Address of the repository's remote, where git knows one. */
  readonly repository?: string;
  /** Advisory data, loaded before the checks; absent: none was looked for. */
  readonly advisories?: Advisories;
  /** Computes a linked, cross-file model once per scan: the same `build` function gives the same object. */
  linked<T>(build: (facts: Facts) => T): T;
}

/** Place of a node of a file; a node that came from elsewhere (a template, a patch) names its own path. */
export function placeOf(file: { readonly path: string }, node: { readonly span: Span; readonly path?: string }): Place {
  return { path: node.path ?? file.path, span: node.span };
}
