/** Knows the list of extractors, and nothing else. */
import { chart } from './chart.ts';
import { otherci } from './ci/others.ts';
import { workflow } from './ci/workflow.ts';
import { cloudformation } from './cloudformation.ts';
import { compose } from './compose.ts';
import { coverage } from './coverage.ts';
import { dependencies } from './dependencies.ts';
import { dockerfile } from './dockerfile.ts';
import { dotenv } from './dotenv.ts';
import { ecs } from './ecs.ts';
import type { Extractor } from './facts.ts';
import { hooks } from './hooks.ts';
import { ignore } from './ignore.ts';
import { imagefile } from './images/files.ts';
import { kubernetes } from './kubernetes.ts';
import { npm } from './npm.ts';
import { ormconfig } from './orm-config.ts';
import { platform } from './platforms.ts';
import { prisma } from './prisma.ts';
import { ecmascript } from './program/ecmascript.ts';
import { python } from './program/python.ts';
import { script } from './script.ts';
import { secretfile } from './secrets/files.ts';
import { systemd } from './systemd.ts';
import { terraform } from './terraform.ts';
import { testConfig } from './test-config.ts';
import { tsconfig } from './tsconfig.ts';
import { webserver } from './webserver.ts';

export const extractors: readonly Extractor[] = [
  chart,
  cloudformation,
  compose,
  coverage,
  dependencies,
  dockerfile,
  dotenv,
  ecmascript,
  ecs,
  hooks,
  ignore,
  imagefile,
  kubernetes,
  npm,
  otherci,
  ormconfig,
  platform,
  prisma,
  python,
  script,
  secretfile,
  systemd,
  terraform,
  testConfig,
  tsconfig,
  webserver,
  workflow,
];
