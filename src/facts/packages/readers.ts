/** Knows which file name belongs to which reader. */
import { readCondaEnvironment } from './conda.ts';
import { readGoMod } from './go-mod.ts';
import { readGradle, readPom, readVersionCatalog } from './jvm.ts';
import type { Reader } from './model.ts';
import { readBunLock, readPnpmLock, readYarnLock } from './node-locks.ts';
import { readPackageJson, readPackageLock } from './node-manifests.ts';
import { readCargoLock, readComposerLock, readGemfileLock, readGradleLock } from './other-locks.ts';
import { readPipfile, readPyproject } from './pyproject.ts';
import { readPdmLock, readPipfileLock, readPoetryLock, readPylock, readUvLock } from './python-locks.ts';
import { readSetupCfg, readSetupPy } from './python-setup.ts';
import { readRequirements } from './requirements.ts';

/** Keys are the words `readerOf` gives. */
export const readers: Readonly<Record<string, Reader>> = {
  requirements: readRequirements,
  'pyproject.toml': readPyproject,
  'setup.py': readSetupPy,
  'setup.cfg': readSetupCfg,
  Pipfile: readPipfile,
  'Pipfile.lock': readPipfileLock,
  'poetry.lock': readPoetryLock,
  'uv.lock': readUvLock,
  'pdm.lock': readPdmLock,
  pylock: readPylock,
  conda: readCondaEnvironment,
  'package.json': readPackageJson,
  'package-lock.json': readPackageLock,
  'yarn.lock': readYarnLock,
  'pnpm-lock.yaml': readPnpmLock,
  'bun.lock': readBunLock,
  'go.mod': readGoMod,
  'Cargo.lock': readCargoLock,
  'Gemfile.lock': readGemfileLock,
  'composer.lock': readComposerLock,
  'gradle.lockfile': readGradleLock,
  'pom.xml': readPom,
  gradle: readGradle,
  catalog: readVersionCatalog,
};
