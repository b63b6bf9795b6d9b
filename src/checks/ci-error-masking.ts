/** Knows when a CI step that tests, scans, lints, builds or deploys cannot fail its pipeline. */
import { defineCheck, type Finding, type Options, pass, type Severity, type Subject } from '../check.ts';
import type { Role } from '../facts/ci/gates.ts';
import { judgedGates, type Mask, type MaskKnowledge } from '../facts/ci/masks.ts';

const severities: Readonly<Record<Role, Severity>> = {
  scan: 'high',
  test: 'high',
  lint: 'low',
  build: 'medium',
  deploy: 'medium',
};
const doing: Readonly<Record<Role, string>> = {
  scan: 'scan',
  test: 'test',
  lint: 'lint',
  build: 'build',
  deploy: 'deployment',
};
export const ciErrorMasking = defineCheck({
  id: 'ci-error-masking',
  needs: { workflow: true, script: true },
  messages: {
    fallback: {
      what: 'The failure of `{command}` is thrown away by `{mask}`.',
      why: 'This {role} reports success whatever it finds, so nothing stops the change it should have stopped.',
      fix: 'Remove `{mask}`; let steps that must run afterwards use `if: always()`, and list accepted findings in the tool’s own ignore file.',
    },
    list: {
      what: '`{command}` stands left of `&&` in a line that is not the last one.',
      why: 'The shell ignores a failure in front of `&&` even with `-e`: the script goes on and the {role} counts as passed.',
      fix: 'Write the commands on lines of their own, so that the first failure ends the step.',
    },
    pipe: {
      what: 'The output of `{command}` goes through `{mask}`, and the step’s shell runs without `pipefail`.',
      why: 'A pipe has the status of its last command, so the {role} counts as passed when it fails.',
      fix: 'Add `shell: bash` to the step or the workflow’s `defaults.run` (it turns `pipefail` on), or write `set -o pipefail` first.',
    },
    errexit: {
      what: '`{command}` runs after `{mask}` and nothing looks at its status.',
      why: 'The script goes on after a failed {role} and ends with the status of its last command.',
      fix: 'Remove `{mask}`, or save the status (`status=$?`) and end with `exit "$status"`.',
    },
    sequence: {
      what: 'The status of `{command}` is overwritten by the command after it.',
      why: 'This shell goes on after a failure, so the {role} fails without failing the script.',
      fix: 'Start the script with `set -e`, join the commands with `&&`, or save the status and exit with it.',
    },
    condition: {
      what: '`{command}` is the condition of an `if`, and its failure only leads to a message.',
      why: 'The {role} can fail while the step succeeds.',
      fix: 'End the failing branch with `exit 1`.',
    },
    trap: {
      what: 'A trap ends the script with status 0, so a failure of `{command}` is lost.',
      why: 'The {role} reports success whatever it finds.',
      fix: 'Let the trap keep the status: `trap \'status=$?; cleanup; exit "$status"\' EXIT`.',
    },
    ignored: {
      what: 'The failure of `{command}` is ignored by `{mask}`.',
      why: 'The {role} runs where the status does not count, so it cannot stop anything.',
      fix: 'Remove `{mask}` here, or run the command where its failure counts.',
    },
    tolerated: {
      what: '{subject} may fail without failing the pipeline: `{mask}`.',
      why: 'This {role} has no effect on the result: what it finds does not stop a merge or a deployment.',
      fix: 'Remove the key. To go on after a failure, give later steps `if: always()`, or check `steps.<id>.outcome` in a last step.',
    },
    manual: {
      what: '{subject} only runs when somebody starts it: `when: manual` allows it to be left out.',
      why: 'A {role} that nobody has to start does not guard anything: the pipeline passes without it.',
      fix: 'Run the job in every pipeline, or set `allow_failure: false` so that the pipeline waits for it.',
    },
    lenient: {
      what: '`{command}` is told to succeed whatever it finds: `{mask}`.',
      why: 'The {role} prints its findings and the pipeline stays green.',
      fix: 'Remove the option, or set the severity from which the tool fails; put accepted findings into its ignore file.',
    },
    always: {
      what: 'The job {job} runs with `if: {condition}` and does not look at the results of the jobs it needs.',
      why: '{effect}',
      fix: "Fail when a needed job failed, for example with `if: contains(needs.*.result, 'failure')` and `exit 1`, or remove the condition.",
    },
    placeholder: {
      what: '{subject} only prints text, although its name promises a {role}.',
      why: 'It shows up as a passed check and proves nothing.',
      fix: 'Run the {role}, or remove the job until it exists.',
    },
    missingFile: {
      what: '{subject} names {file}, which is not in the repository.',
      why: 'The step fails, or checks nothing, whatever the change is: it is no gate.',
      fix: 'Correct the path, add the file, or remove the step.',
      severity: 'medium',
      aspect: 'missing-file',
    },
  },
  assess: (facts, options) => {
    const findings = new Map<Mask, Finding>();
    const subjects = judgedGates(facts, knowledgeOf(options)).map(({ name, place, masks, proof }): Subject => {
      if (masks.length === 0) return pass(name, place, proof);
      return { name, place, verdict: 'fail', findings: masks.map((mask) => findingOf(mask, findings)) };
    });
    return {
      subjects,
      lookedFor:
        'GitHub workflows and actions, .gitlab-ci.yml and what it includes, azure-pipelines.yml, .circleci, Jenkinsfile',
    };
  },
});

/** The tools, actions, words and options that the rule page lists. */
function knowledgeOf(options: Options): MaskKnowledge {
  const list = (name: string): readonly string[] => options[name] as readonly string[];
  const map = (name: string): Readonly<Record<string, string>> => options[name] as Readonly<Record<string, string>>;
  return {
    tools: {
      scan: list('scanners'),
      test: list('tests'),
      lint: list('linters'),
      build: list('builds'),
      deploy: list('deployments'),
    },
    actions: map('actions'),
    words: map('words'),
    neutral: list('neutral'),
    lenientFlags: list('lenientFlags'),
    lenientInputs: list('lenientInputs'),
    gateNames: list('gateNames'),
    reportFields: map('reportFields'),
  };
}

/** One finding for each mask, however many steps share it. */
function findingOf(mask: Mask, known: Map<Mask, Finding>): Finding {
  const before = known.get(mask);
  if (before) return before;
  const { kind, role, place, data, related, sure } = mask;
  const finding: Finding = {
    message: kind,
    data: { role: doing[role], ...data },
    place,
    confidence: sure ? 'high' : 'medium',
    severity: severities[role],
    ...(related.length > 0 ? { related } : {}),
  };
  known.set(mask, finding);
  return finding;
}
