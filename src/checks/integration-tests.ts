/** Knows whether integration tests exist and whether CI really runs them. */
import {
  type Assessment,
  defineCheck,
  type Finding,
  fail,
  type Options,
  pass,
  type Subject,
  unknown,
} from '../check.ts';
import { unreadPipeline } from '../facts/ci/unread.ts';
import type { Facts } from '../facts/facts.ts';
import { type IntegrationModel, integrationModel, type Suite } from '../facts/integration.ts';
import { anchorOf } from '../facts/source.ts';
import type { Place } from '../facts/span.ts';

export const integrationTests = defineCheck({
  id: 'integration-tests',
  needs: { workflow: true, script: true, testConfig: true },
  messages: {
    absent: {
      what: 'The repository has no integration tests.',
      why: 'Unit tests replace the database, the network and the other services by what their authors believe of them; the first real meeting is then in production.',
      fix: 'Add a suite, such as tests/integration, that starts the application with its real dependencies in containers, and run it in CI.',
      aspect: 'presence',
    },
    notRun: {
      what: 'No CI job runs the integration tests in {folder}.',
      why: 'Tests that nobody runs break silently and prove nothing.',
      fix: 'Add a job that runs {folder} for each pull request.',
      aspect: 'run',
    },
    masked: {
      what: 'CI runs the integration tests in {folder} with `{command}`, whose failure does not count.',
      why: 'The suite may be broken for months while the pipeline is green.',
      fix: 'Let the failure fail the job: remove `|| true`, `continue-on-error` or `allow_failure`.',
      aspect: 'masked',
    },
    excluded: {
      what: 'The integration tests in {folder} are left out by `{setting}`.',
      why: 'The test command looks as if it ran everything, and these tests are never among them.',
      fix: 'Remove the exclusion, or run {folder} in a job of its own.',
      aspect: 'run',
    },
    missingPath: {
      what: 'CI runs the integration tests in {path}, which does not exist.',
      why: 'The command fails or finds nothing: it guards nothing.',
      fix: 'Correct the path or remove the step.',
      aspect: 'missing-path',
    },
  },
  assess: (facts, options) => assess(facts, options),
});

function assess(facts: Facts, options: Options): Assessment {
  const list = (name: string): readonly string[] => options[name] as readonly string[];
  const model = integrationModel(facts, {
    words: list('words'),
    commands: {
      python: list('pythonTests'),
      javascript: list('javascriptTests'),
      java: list('javaTests'),
      go: list('goTests'),
      other: list('otherTests'),
      integration: list('integrationCommands'),
    },
  });
  const lookedFor =
    'folders and files named for integration, end-to-end, functional, acceptance and smoke tests, and CI commands that run them';
  const anchor = anchorOf(facts);
  if (!anchor) return { subjects: [], lookedFor };
  const subjects: Subject[] = model.suites.map((suite) => suiteSubject(suite, model, anchor, unreadPipeline(facts)));
  for (const { path, run } of model.missing) {
    subjects.push(fail(`integration tests in ${path}`, finding('missingPath', run.place, { path })));
  }
  if (subjects.length > 0) return { subjects, lookedFor };
  const dedicated = model.runs.find((run) => list('integrationCommands').includes(run.pattern));
  if (dedicated) {
    if (dedicated.unmasked)
      return { subjects: [pass('integration tests', dedicated.place, `CI runs \`${dedicated.text}\`.`)], lookedFor };
    const data = { folder: 'the repository', command: dedicated.text };
    return { subjects: [fail('integration tests', finding('masked', dedicated.place, data))], lookedFor };
  }
  const { script, served } = model;
  if (served) {
    const evidence = `CI runs \`${served.run.text}\` beside ${served.services.join(', ')}.`;
    return { subjects: [pass('tests with their services', served.run.place, evidence)], lookedFor };
  }
  if (script)
    return { subjects: [pass('integration tests', script.place, `The step ${script.name} runs them.`)], lookedFor };
  return { subjects: [fail('integration tests', finding('absent', anchor, {}))], lookedFor };
}

function suiteSubject(suite: Suite, { runs }: IntegrationModel, anchor: Place, unread: string | undefined): Subject {
  const { folder, files, excludedBy } = suite;
  const file = files[0]!;
  const shown = folder === '' ? file : folder;
  const name = `integration tests in ${shown}`;
  const related = [{ path: file, span: { start: 0, end: 0 }, text: 'One of these tests.' }];
  const best = suite.runs[0];
  if (best?.unmasked) return pass(name, best.place, `CI runs them with \`${best.text}\`.`);
  if (best) return fail(name, finding('masked', best.place, { folder: shown, command: best.text }, related));
  if (excludedBy)
    return fail(name, finding('excluded', excludedBy.place, { folder: shown, setting: excludedBy.text }, related));
  if (unread !== undefined)
    return unknown(name, anchor, `${unread} may run them, and pipelines of this kind are not read`);
  return fail(name, finding('notRun', runs[0]?.place ?? anchor, { folder: shown }, related));
}

function finding(message: string, place: Place, data: Finding['data'], related: Finding['related'] = []): Finding {
  return { message, data, place, confidence: 'high', ...(related.length > 0 ? { related } : {}) };
}
