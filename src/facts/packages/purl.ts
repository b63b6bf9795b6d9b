/** Knows package URLs: one name for a package version across ecosystems. */
import type { Ecosystem } from './model.ts';

const types: Readonly<Record<Ecosystem, string>> = {
  PyPI: 'pypi',
  npm: 'npm',
  Go: 'golang',
  'crates.io': 'cargo',
  RubyGems: 'gem',
  Packagist: 'composer',
  Maven: 'maven',
};

/** A package URL such as `pkg:npm/%40scope/name@1.0.0`. */
export function purl(ecosystem: Ecosystem, name: string, version: string): string {
  const parts = ecosystem === 'Maven' ? name.split(':') : name.split('/');
  const path = parts.map((part) => encodeURIComponent(part)).join('/');
  return `pkg:${types[ecosystem]}/${path}@${encodeURIComponent(version)}`;
}
