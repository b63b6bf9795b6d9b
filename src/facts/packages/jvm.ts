/** Knows the literal dependencies of pom.xml, Gradle build scripts and version catalogs. */
import { child, type Element, readXml } from '../xml.ts';
import { type Draft, type Read, read, type Scope } from './model.ts';
import { parseToml, pathOf, placesOf, string, table } from './toml.ts';

/** Reads the literal versions of pom.xml; own `<properties>` are filled in, those of parents and BOMs are not guessed. */
export function readPom(source: string, _path: string): Read {
  const { root, problem } = readXml(source);
  const problems = problem ? [problem] : [];
  const project = child(root, 'project');
  if (project === undefined) return { problems };
  const properties = new Map((child(project, 'properties')?.children ?? []).map((p) => [p.name, p.text]));
  for (const [name, element] of [
    ['project.version', child(project, 'version')],
    ['project.groupId', child(project, 'groupId')],
    ['project.parent.version', child(child(project, 'parent'), 'version')],
  ] as const) {
    if (element !== undefined) properties.set(name, element.text);
  }
  const fill = (text: string, depth = 0): string =>
    text.replace(/\$\{([^}]+)\}/g, (all, name: string) => {
      const value = properties.get(name);
      return value === undefined || depth > 5 ? all : fill(value, depth + 1);
    });
  const drafts: Draft[] = [];
  let unresolved = 0;
  const managed = new Map<string, Element>();
  for (const entry of child(child(project, 'dependencyManagement'), 'dependencies')?.children ?? []) {
    const version = child(entry, 'version');
    if (version !== undefined)
      managed.set(
        `${fill(child(entry, 'groupId')?.text ?? '')}:${fill(child(entry, 'artifactId')?.text ?? '')}`,
        version,
      );
  }
  const take = (entries: readonly Element[], fixed: Scope | undefined): void => {
    for (const entry of entries) {
      const group = fill(child(entry, 'groupId')?.text ?? (fixed === 'build' ? 'org.apache.maven.plugins' : ''));
      const artifact = fill(child(entry, 'artifactId')?.text ?? '');
      if (group === '' || artifact === '') continue;
      const name = `${group}:${artifact}`;
      const element = child(entry, 'version') ?? managed.get(name);
      const version = element === undefined ? undefined : fill(element.text);
      if (version === undefined || version === '' || /[${}]/.test(version)) {
        unresolved++;
        continue;
      }
      const scope = child(entry, 'scope')?.text;
      // `[1.2]` is exactly 1.2; every other bracket is a range.
      const hard = /^\[([^,\]]+)\]$/.exec(version)?.[1];
      const isRange = hard === undefined && /[[\](),]/.test(version);
      drafts.push({
        name,
        ...(isRange ? { range: version } : { version: hard ?? version }),
        scope: fixed ?? (scope === 'test' ? 'dev' : 'runtime'),
        ...(scope === undefined ? {} : { group: scope }),
        direct: true,
        source: scope === 'system' ? 'other' : 'registry',
        span: { start: entry.start, end: entry.end },
        ...(element === child(entry, 'version') && element !== undefined ? { versionSpan: element.textSpan } : {}),
      });
    }
  };
  take(child(project, 'dependencies')?.children ?? [], undefined);
  for (const profile of child(project, 'profiles')?.children ?? [])
    take(child(profile, 'dependencies')?.children ?? [], undefined);
  for (const build of [child(project, 'build'), child(child(project, 'build'), 'pluginManagement')]) {
    take(child(build, 'plugins')?.children ?? [], 'build');
  }
  return read({ format: 'pom.xml', role: 'manifest', ecosystem: 'Maven', dependencies: drafts, unresolved }, problems);
}

const configuration =
  /\b((?:\w+)?(?:[iI]mplementation|[aA]pi|[cC]ompileOnly|[rR]untimeOnly|[cC]ompile|[rR]untime|[cC]lasspath|[aA]nnotationProcessor|kapt|ksp|developmentOnly))\b/;

function gradleScope(name: string): Scope {
  if (/test|androidTest|developmentOnly/i.test(name)) return 'dev';
  return /classpath|annotationProcessor|kapt|ksp/i.test(name) ? 'build' : 'runtime';
}

/** Reads `implementation 'g:a:1'` and the named form of build.gradle and build.gradle.kts; variables are not guessed. */
export function readGradle(source: string, _path: string): Read {
  const text = source.replace(
    /\/\*[\s\S]*?\*\/|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|\/\/[^\n]*/g,
    (all, quoted: string | undefined) => (quoted === undefined ? all.replace(/[^\n]/g, ' ') : all),
  );
  const drafts: Draft[] = [];
  let unresolved = 0;
  let offset = 0;
  for (const raw of text.split('\n')) {
    const start = offset;
    offset += raw.length + 1;
    const head = configuration.exec(raw.slice(0, 400));
    if (head === null) continue;
    const rest = raw.slice(head.index);
    const short = /["']([\w.-]+:[\w.-]+)(?::([^"':@]+))?(?:[:@][^"']*)?["']/.exec(rest);
    const named =
      /group\s*[:=]\s*["']([\w.-]+)["']\s*,\s*name\s*[:=]\s*["']([\w.-]+)["'](?:\s*,\s*version\s*[:=]\s*["']([^"']+)["'])?/.exec(
        rest,
      );
    const name = short?.[1] ?? (named ? `${named[1]}:${named[2]}` : undefined);
    const version = short === null ? named?.[3] : short[2];
    if (name === undefined) continue;
    if (version === undefined || /[$+[\](){},]|latest\./.test(version)) {
      unresolved++;
      continue;
    }
    const match = (short ?? named)!;
    const from = start + head.index + match.index;
    const at = from + match[0].lastIndexOf(version);
    drafts.push({
      name,
      version,
      scope: gradleScope(head[1]!),
      direct: true,
      source: 'registry',
      span: { start: from, end: from + match[0].length },
      versionSpan: { start: at, end: at + version.length },
    });
  }
  if (drafts.length === 0 && unresolved === 0) return { problems: [] };
  return read({
    format: 'Gradle build script',
    role: 'manifest',
    ecosystem: 'Maven',
    dependencies: drafts,
    unresolved,
  });
}

/** Reads a version catalog (gradle/libs.versions.toml). */
export function readVersionCatalog(source: string, _path: string): Read {
  const { table: root, problem } = parseToml(source);
  if (root === undefined) return { problems: problem ? [problem] : [] };
  const places = placesOf(source);
  const versions = table(root.versions) ?? {};
  const drafts: Draft[] = [];
  let unresolved = 0;
  for (const [alias, value] of Object.entries(table(root.libraries) ?? {})) {
    const details = table(value);
    const short = /^([\w.-]+:[\w.-]+):(.+)$/.exec(string(value) ?? '');
    const group = string(details?.group);
    const name =
      short?.[1] ??
      string(details?.module) ??
      (group === undefined ? undefined : `${group}:${string(details?.name) ?? ''}`);
    const wanted = details?.version;
    const reference = string(table(wanted)?.ref);
    const version = short?.[2] ?? string(wanted) ?? (reference === undefined ? undefined : string(versions[reference]));
    if (name === undefined) continue;
    if (version === undefined || /[[\](){},+]/.test(version)) {
      unresolved++;
      continue;
    }
    const key = places.keys.get(pathOf('libraries', alias)) ?? { start: 0, end: 0 };
    const end = places.values.get(pathOf('libraries', alias))?.end ?? key.end;
    const place =
      reference === undefined
        ? places.values.get(pathOf('libraries', alias, 'version'))
        : places.values.get(pathOf('versions', reference));
    drafts.push({
      name,
      version,
      scope: 'runtime',
      direct: true,
      source: 'registry',
      span: { start: key.start, end },
      ...(place === undefined ? {} : { versionSpan: { start: place.start + 1, end: place.end - 1 } }),
    });
  }
  return read(
    { format: 'Gradle version catalog', role: 'manifest', ecosystem: 'Maven', dependencies: drafts, unresolved },
    [],
  );
}
