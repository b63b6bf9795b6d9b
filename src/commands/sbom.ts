/** Knows the software bill of materials: every pinned and locked package of the repository as CycloneDX 1.6. */
import { defineCheck } from '../check.ts';
import { collectFacts } from '../facts/collect.ts';
import { extractors } from '../facts/index.ts';
import { type Inventory, linkInventory } from '../facts/packages/inventory.ts';
import { normalise } from '../facts/packages/model.ts';
import { purl } from '../facts/packages/purl.ts';
import { openFolder } from '../facts/workspace.ts';
import { VERSION } from '../version.ts';
import { writeResult } from './files.ts';
import { EXIT, type Io } from './io.ts';
import { prepare, type ScanFlags, workspaceOptionsOf } from './prepare.ts';

/** What the bill is made from; the same facts that the dependency items judge. */
const reading = defineCheck({
  id: 'sbom',
  needs: { dependencies: true, dockerfile: ['install'], workflow: ['install'] },
  messages: {},
  assess: () => ({ subjects: [], lookedFor: '' }),
});

/** Writes the bill of a folder; returns the exit code. Throws UserError for a bad path or option. */
export async function sbom(path: string, flags: ScanFlags & { readonly output?: string }, io: Io): Promise<number> {
  const { root, config } = await prepare(path, flags, io);
  const workspace = openFolder(root, workspaceOptionsOf(flags, config));
  const production = new Set(['production' as const]);
  const { facts } = await collectFacts(workspace, {
    checks: [reading],
    extractors,
    zones: production,
    asked: production,
  });
  const text = await cycloneDx(workspace.name, facts.linked(linkInventory));
  if (flags.output === undefined || flags.output === '-') io.out(text);
  else writeResult(io.cwd, flags.output, text);
  return EXIT.ok;
}

/** The bill as JSON: sorted, without time or serial number, so that the same tree gives the same bytes. */
export async function cycloneDx(name: string, inventory: Inventory): Promise<string> {
  const [{ Models }, { Enums }, { Serialize }, { Spec }] = await library();
  const project = new Models.Component(Enums.ComponentType.Application, name, { bomRef: 'project' });
  const bom = new Models.Bom({ metadata: new Models.Metadata({ component: project }) });
  bom.metadata.tools.components.add(
    new Models.Component(Enums.ComponentType.Application, 'hardening-audit', { version: VERSION }),
  );
  const components = new Map<string, InstanceType<typeof Models.Component>>();
  const scopes = new Map<string, boolean>();
  for (const source of inventory.sources) {
    const entries = source.dependencies.map(({ name: full, version, scope, source: origin }) => {
      if (version === undefined || origin === 'other') return undefined;
      const id = purl(source.ecosystem, normalise(source.ecosystem, full), version);
      let component = components.get(id);
      if (component === undefined) {
        const [group, short] = splitName(source.ecosystem, full);
        component = new Models.Component(Enums.ComponentType.Library, short, {
          bomRef: id,
          purl: id,
          version,
          ...(group === undefined ? {} : { group }),
        });
        components.set(id, component);
        bom.components.add(component);
      }
      scopes.set(id, (scopes.get(id) ?? false) || scope === 'runtime');
      if (![...component.properties].some((p) => p.value === source.path)) {
        component.properties.add(new Models.Property('hardening-audit:file', source.path));
      }
      return component;
    });
    source.dependencies.forEach((dependency, i) => {
      const component = entries[i];
      if (component === undefined) return;
      for (const at of dependency.requires ?? [])
        if (entries[at] !== undefined) component.dependencies.add(entries[at].bomRef);
      if (dependency.direct ?? source.role !== 'lock') project.dependencies.add(component.bomRef);
    });
  }
  for (const [id, component] of components) {
    component.scope = scopes.get(id) ? Enums.ComponentScope.Required : Enums.ComponentScope.Excluded;
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

/** The library is large; nothing but this command loads it. */
async function library() {
  return await Promise.all([
    import('@cyclonedx/cyclonedx-library/Models').then((Models) => ({ Models })),
    import('@cyclonedx/cyclonedx-library/Enums').then((Enums) => ({ Enums })),
    import('@cyclonedx/cyclonedx-library/Serialize').then((Serialize) => ({ Serialize })),
    import('@cyclonedx/cyclonedx-library/Spec').then((Spec) => ({ Spec })),
  ]);
}

function splitName(ecosystem: string, name: string): readonly [string | undefined, string] {
  const separator = ecosystem === 'Maven' ? ':' : ecosystem === 'npm' || ecosystem === 'Packagist' ? '/' : undefined;
  const at = separator === undefined ? -1 : name.indexOf(separator);
  return at < 0 ? [undefined, name] : [name.slice(0, at), name.slice(at + 1)];
}
