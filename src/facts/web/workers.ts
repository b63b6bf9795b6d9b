/** Knows how many processes answer for an application: what is counted in the memory of one is not known to the others. */
import { linkCompose } from '../compose.ts';
import type { Facts } from '../facts.ts';
import type { Place } from '../span.ts';
import { at, itemsOf, textOf } from '../yaml.ts';

export interface Workers {
  /** Module that holds the application, as a path without ending: "src/api/main". */
  readonly module: string;
  /** At least two. */
  readonly count: number;
  readonly place: Place;
}

/** Commands of images and compose services that start several workers of a named application. For `facts.linked`. */
export function linkWorkers(facts: Facts): readonly Workers[] {
  const zones = new Map(facts.files.map(({ path, zone }) => [path, zone]));
  const images = facts.of('dockerfile').flatMap(({ path, data }) => {
    const stage = data.stages.at(-1);
    return [stage?.entrypoint, stage?.cmd].flatMap((command) =>
      command ? workersIn(command.words, { path, span: command.span }) : [],
    );
  });
  const services = facts.linked(linkCompose).flatMap(({ path, span, body }) => {
    const node = at(body, 'command');
    const words = node?.kind === 'list' ? itemsOf(node).map((item) => textOf(item) ?? '') : [textOf(node) ?? ''];
    return workersIn(words, { path: node?.path ?? path, span: node?.span ?? span });
  });
  return [...images, ...services].filter(({ place }) => zones.get(place.path) === 'production');
}

function workersIn(command: readonly string[], place: Place): readonly Workers[] {
  const words = command.flatMap((word) => word.split(/\s+/)).filter((word) => word !== '');
  if (!words.some((word) => /(?:^|\/)(?:gunicorn|uvicorn|hypercorn|granian)$/.test(word))) return [];
  const found = words.flatMap((word) => /^([A-Za-z_][\w.]*):[A-Za-z_][\w.]*(?:\(\))?$/.exec(word)?.[1] ?? [])[0];
  const option = words.findIndex((word) => /^(?:-w|--workers)(?:=|$)|^-w\d+$/.test(word));
  const written = option < 0 ? '' : (/\d+$/.exec(words[option]!)?.[0] ?? words[option + 1] ?? '');
  const count = /^\d{1,3}$/.test(written) ? Number(written) : 1;
  return found !== undefined && count > 1 ? [{ module: found.replaceAll('.', '/'), count, place }] : [];
}

/** The workers that answer for the application that the file creates. */
export function workersFor(all: readonly Workers[], path: string): Workers | undefined {
  const stem = `/${path.replace(/(?:\/__init__)?\.py$/, '')}`;
  return all.find(({ module }) => stem.endsWith(`/${module}`));
}
