/** Knows the images that plugins of Gradle and Maven build, and the images they build upon: Jib, Spring Boot, fabric8. */

import type { Span } from '../span.ts';
import { child, type Element, readXml } from '../xml.ts';
import type { ImageFile, NamedBuild, NamedImage } from './files.ts';

/** Collects what a plugin says: `base` names what it builds upon, `name` what it builds. */
function collector() {
  const images: NamedImage[] = [];
  const builds: NamedBuild[] = [];
  const base = (title: string, text: string, span: Span) => {
    const name = text.replace(/^docker:\/\//, '');
    // Files and the local daemon are fetched from nowhere.
    if (/^(?:tar|registry):\/\//.test(name) || name === '') return;
    images.push({ role: 'base', title, text: name, span, ...(/[${}]/.test(name) ? {} : { resolved: name }) });
  };
  const name = (text: string) => {
    if (text !== '') builds.push({ images: [text], dockerfiles: [] });
  };
  return { base, name, file: (): ImageFile => ({ images, builds }) };
}

export function readMavenImages({ text }: { readonly text: string }): ImageFile {
  const found = collector();
  const project = child(readXml(text).root, 'project');
  const properties = new Map((child(project, 'properties')?.children ?? []).map((one) => [one.name, one.text]));
  const fill = (value: string) => value.replace(/\$\{([^}]+)\}/g, (all, name: string) => properties.get(name) ?? all);
  const base = (title: string, element: Element | undefined) => {
    if (element) found.base(title, fill(element.text), element.textSpan);
  };
  const configured = (artifact: string, configuration: Element | undefined): void => {
    const image = child(configuration, 'image');
    if (artifact === 'jib-maven-plugin') {
      base('base image of Jib', child(child(configuration, 'from'), 'image'));
      found.name(fill(child(child(configuration, 'to'), 'image')?.text ?? ''));
    } else if (artifact === 'spring-boot-maven-plugin') {
      base('builder of the image', child(image, 'builder'));
      base('run image of the build', child(image, 'runImage'));
      found.name(fill(child(image, 'name')?.text ?? ''));
    } else if (artifact === 'docker-maven-plugin') {
      for (const one of child(configuration, 'images')?.children ?? []) {
        const build = child(one, 'build');
        base('base image of the plugin for Docker', child(build, 'from'));
        if (build) found.name(fill(child(one, 'name')?.text ?? ''));
      }
    }
  };
  const profiles = (child(project, 'profiles')?.children ?? []).map((profile) => child(profile, 'build'));
  for (const build of [child(project, 'build'), ...profiles]) {
    for (const plugins of [child(build, 'plugins'), child(child(build, 'pluginManagement'), 'plugins')]) {
      for (const plugin of plugins?.children ?? []) {
        const artifact = child(plugin, 'artifactId')?.text ?? '';
        const executions = child(plugin, 'executions')?.children ?? [];
        for (const one of [plugin, ...executions]) configured(artifact, child(one, 'configuration'));
      }
    }
  }
  return found.file();
}

interface Token {
  readonly kind: 'word' | 'text' | 'mark' | 'line';
  readonly value: string;
  readonly span: Span;
}

function tokensOf(text: string): Token[] {
  const pattern =
    /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|("""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?)|([A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*)*)|(\n)|([{}()=,<>;])/g;
  return [...text.matchAll(pattern)].flatMap((match): Token[] => {
    const [all, quoted, word, line, mark] = match;
    const span = { start: match.index, end: match.index + all.length };
    if (quoted !== undefined) {
      const width = /^(?:"""|''')/.test(quoted) ? 3 : 1;
      const value = quoted.slice(width, Math.max(width, quoted.length - width));
      return [{ kind: 'text', value, span: { start: span.start + width, end: span.start + width + value.length } }];
    }
    if (word !== undefined) return [{ kind: 'word', value: word, span }];
    if (line !== undefined) return [{ kind: 'line', value: line, span }];
    return mark === undefined ? [] : [{ kind: 'mark', value: mark, span }];
  });
}

/** Statements `image = "x"`, `image 'x'`, `image.set("x")` by the blocks around them, in Groovy and in Kotlin. */
export function readGradleImages({ text }: { readonly text: string }): ImageFile {
  const found = collector();
  const blocks: string[] = [];
  let head = '';
  const tokens = tokensOf(text);
  for (const [i, { kind, value, span }] of tokens.entries()) {
    if (kind === 'mark' && value === '{') {
      blocks.push(head);
      head = '';
    } else if (kind === 'mark' && value === '}') {
      blocks.pop();
      head = '';
    } else if (kind === 'line' || value === ';') head = '';
    else {
      const before = head;
      if (head.length < 1000) head += `${value} `;
      if (kind !== 'text' || tokens[i - 1] === undefined) continue;
      const path = `${blocks.slice(-6).join(' ')} ${before}`.replace(/[\s.?()=]+/g, ' ').trim();
      const name = path.replace(/ set$/, '');
      if (/\bjib\b.* from image$/.test(name)) found.base('base image of Jib', value, span);
      else if (/\bjib\b.* to image$/.test(name)) found.name(value);
      else if (/bootBuildImage.* builder$/i.test(name)) found.base('builder of the image', value, span);
      else if (/bootBuildImage.* runImage$/i.test(name)) found.base('run image of the build', value, span);
      else if (/bootBuildImage.* imageName$/i.test(name)) found.name(value);
    }
  }
  return found.file();
}
