/** Knows which functions clients call by name: server actions and procedures, what stands before them, and what they are given. */
import { describe, expect, test } from '@jest/globals';
import { ecmascript } from '../../src/facts/program/ecmascript.ts';
import { origins } from '../../src/facts/program/flow.ts';
import { linkProgram } from '../../src/facts/program/link.ts';
import { factsOfFiles } from '../facts-of.ts';
import { outline } from './web-outline.ts';

const safe = `import { createSafeActionClient } from 'next-safe-action';
export const actionClient = createSafeActionClient({});
export const privateClient = actionClient.use(async function session({ next }) { if (!(await getSession())) throw new Error('no'); return next(); });
`;
const trpc = `import { initTRPC } from '@trpc/server';
const t = initTRPC.context().create({});
export const router = t.router;
export const publicProcedure = t.procedure;
const login = t.middleware(async function login({ ctx, next }) { if (!ctx.user) throw new Error('no'); return next(); });
export const privateProcedure = t.procedure.use(login);
`;

describe('routes', () => {
  test.each<[string, Record<string, string>, readonly string[]]>([
    [
      'exported functions of a file',
      {
        'app/actions.ts':
          "'use server';\nexport async function save(form) { await db.save(form); }\nexport const drop = async (id) => db.drop(id);\nasync function inner() {}\n",
      },
      ['POST save', 'POST drop'],
    ],
    [
      'a default export',
      { 'app/actions.ts': "'use server';\nexport default async function save(form) { await db.save(form); }\n" },
      ['POST save'],
    ],
    ['a file without the directive', { 'app/actions.ts': 'export async function save(form) {}\n' }, []],
    [
      'a directive that is none',
      { 'app/actions.ts': "import x from 'x';\n'use server';\nexport async function save(form) {}\n" },
      [],
    ],
    [
      'a function that only the server calls',
      {
        'app/actions.ts': "'use server';\nexport async function save(form) {}\n",
        'app/page.tsx': "import { save } from './actions';\nsave(1);\n",
      },
      [],
    ],
    [
      'a function that code in browsers calls',
      {
        'app/actions.ts': "'use server';\nexport async function save(form) {}\n",
        'app/form.tsx': "'use client';\nimport { save } from './actions';\nexport const f = () => save(1);\n",
      },
      ['POST save'],
    ],
    [
      'what a builder makes',
      {
        'lib/client.ts': safe,
        'app/actions.ts':
          "'use server';\nimport { actionClient, privateClient } from '../lib/client';\nexport const open = actionClient.inputSchema(S).action(async ({ parsedInput }) => 1);\nexport const save = privateClient.inputSchema(S).action(async ({ parsedInput }) => 1);\n",
      },
      ['POST open', 'POST save: session'],
    ],
    [
      'a builder from elsewhere',
      {
        'app/actions.ts':
          "'use server';\nimport { client } from 'elsewhere';\nexport const save = client.action(async ({ parsedInput }) => 1);\n",
      },
      ['POST save ?'],
    ],
    [
      'procedures',
      {
        'trpc.ts': trpc,
        'router.ts':
          "import { publicProcedure, privateProcedure, router } from './trpc';\nexport const appRouter = router({ hello: publicProcedure.query(() => 1), save: privateProcedure.input(S).mutation(async ({ input }) => 2) });\n",
      },
      ['QUERY hello', 'MUTATION save: login'],
    ],
    [
      'routers in routers',
      {
        'trpc.ts': trpc,
        'users.ts':
          "import { privateProcedure, router } from './trpc';\nexport const usersRouter = router({ byId: privateProcedure.query(() => 1), admin: { drop: privateProcedure.mutation(() => 2) } });\n",
        'router.ts':
          "import { router } from './trpc';\nimport { usersRouter } from './users';\nexport const appRouter = router({ users: usersRouter });\n",
      },
      ['QUERY users.byId: login', 'MUTATION users.admin.drop: login'],
    ],
    [
      'another middleware on the way',
      {
        'trpc.ts': trpc,
        'router.ts':
          "import { privateProcedure, router } from './trpc';\nexport const appRouter = router({ save: privateProcedure.use(async function audit({ next }) { return next(); }).mutation(() => 2) });\n",
      },
      ['MUTATION save: audit, login'],
    ],
    ['other routers', { 'a.ts': 'const router = createRouter({ routes: { home: page.query(() => 1) } });\n' }, []],
  ])('%s', async (_, files, lines) => expect(await outline(files)).toEqual(lines));
});

describe('what they are given comes from a request', () => {
  test.each<[string, string, string]>([
    ['arguments', "'use server';\nexport async function save(form) { use(form); }\n", 'source'],
    ['taken apart', "'use server';\nexport async function save({ id }) { use(id); }\n", 'source'],
    [
      'a function inside',
      "export function Page() { async function save(id) {\n'use server';\nuse(id); }\nreturn save; }\n",
      'source',
    ],
    [
      'input of a builder',
      "import { client } from 'x';\nexport const save = client.action(async ({ parsedInput }) => use(parsedInput.id));\n",
      'source',
    ],
    [
      'input of a procedure',
      "import { procedure } from './trpc';\nexport const save = procedure.mutation(async ({ input }) => use(input.id));\n",
      'source',
    ],
    ['input of something else', 'export const save = make(async ({ input }) => use(input.id));\n', 'param'],
    [
      'a function beside it',
      "'use server';\nasync function inner(id) { use(id); }\nexport async function save() { inner('v'); }\n",
      'const',
    ],
    ['no directive', 'export async function save(form) { use(form); }\n', 'param'],
  ])('%s', async (_, text, kind) => {
    const program = linkProgram(await factsOfFiles([ecmascript], { 'app/a.ts': text }));
    const unit = program.units[0]!;
    const used = unit.module.calls.find((one) => one.callee.name === 'use')!;
    expect(origins(program, unit, used.args[0]!.value).map((one) => one.kind)).toEqual([kind]);
  });
});
