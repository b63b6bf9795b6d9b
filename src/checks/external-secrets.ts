/** Knows whether secrets reach workloads from a store, or stand in the repository. */
import { defineCheck, type Finding, type Message, pass, type Severity, type Subject, unknown } from '../check.ts';
import { linkCluster } from '../facts/cluster.ts';
import { chartNeeds } from '../facts/helm.ts';
import { settingNeeds } from '../facts/plain-settings.ts';
import { linkSecretUses, type SecretUse } from '../facts/secrets/uses.ts';

const WHY =
  'It is in every clone, fork, backup and build log of the repository, and stays in the history after it was removed.';
const STORE =
  'Change it, put it into a secret store, and let an ExternalSecret or the CSI driver bring it to the workload.';

/** One of them is in the text of every file that names a secret. */
const SECRET_WORDS = [
  'assw',
  '_pass',
  '-pass',
  'Pass',
  'ASS',
  'ecret',
  'SECRET',
  'oken',
  'TOKEN',
  'key',
  'KEY',
  'Key',
  'redential',
  'CREDENTIAL',
  '://',
];

/** Names of messages are the ways a secret reaches a workload. */
const messages: Readonly<Record<SecretUse['way'], Message>> = {
  manifest: {
    what: 'The manifest of {owner} holds the {kind} `{name}` (fingerprint {fingerprint}).',
    why: `Base64 is an encoding and hides nothing. ${WHY}`,
    fix: STORE,
    aspect: 'secret-manifest',
    secret: true,
  },
  asking: {
    what: 'The manifest of {owner} sets the {kind} `{name}` to a text that asks to be changed, and works (fingerprint {fingerprint}).',
    why: 'Whoever applies the manifest as it is runs what reads the Secret with a password that everybody can read.',
    fix: 'Take the Secret out of the manifests, and let an ExternalSecret or the CSI driver bring it to the workload.',
    aspect: 'secret-manifest',
    secret: true,
  },
  environment: {
    what: 'The {kind} `{name}` of the {owner} stands in its manifest (fingerprint {fingerprint}).',
    why: WHY,
    fix: `${STORE} Refer to it with secretKeyRef.`,
    aspect: 'env-literal',
    secret: true,
  },
  configmap: {
    what: 'The {kind} `{name}` stands in the {owner} (fingerprint {fingerprint}).',
    why: `A ConfigMap is readable by everybody who may look at the namespace. ${WHY}`,
    fix: STORE,
    aspect: 'configmap',
    secret: true,
  },
  values: {
    what: 'The chart values in {owner} hold the {kind} `{name}` (fingerprint {fingerprint}).',
    why: WHY,
    fix: `${STORE} Leave the value empty, and let the chart use an existing Secret.`,
    aspect: 'values',
    secret: true,
  },
  placeholder: {
    what: 'The chart values in {owner} set the {kind} `{name}` to a text that asks to be changed, and works (fingerprint {fingerprint}).',
    why: 'Whoever installs the chart without setting the value runs the service with a password that everybody can read.',
    fix: 'Leave the value empty and let the template `required` it, or let the chart use an existing Secret.',
    aspect: 'values',
    secret: true,
  },
  compose: {
    what: 'The {kind} `{name}` of the {owner} stands in the compose file (fingerprint {fingerprint}).',
    why: WHY,
    fix: 'Change it, and use `secrets:` or `${NAME:?message}`, which refuses to start without a value.',
    aspect: 'compose',
    secret: true,
  },
  default: {
    what: 'The {kind} `{name}` of the {owner} has a default in the compose file (fingerprint {fingerprint}).',
    why: 'Whoever forgets to set the variable runs the service with a secret that everybody can read.',
    fix: 'Write `${NAME:?message}` instead of the default, so that nothing starts without a value.',
    aspect: 'compose',
    secret: true,
  },
  generator: {
    what: 'The {owner} holds the {kind} `{name}` as a literal (fingerprint {fingerprint}).',
    why: WHY,
    fix: STORE,
    aspect: 'secret-manifest',
    secret: true,
  },
  login: {
    what: 'The password of a registry stands in {owner} (fingerprint {fingerprint}).',
    why: `Whoever has it can replace the images that everything else runs. ${WHY}`,
    fix: 'Change it, keep it among the secrets of the CI system, and hand it over with `--password-stdin`.',
    aspect: 'ci-credential',
    secret: true,
  },
  pipeline: {
    what: 'The pipeline {owner} sets the {kind} `{name}` in plain text (fingerprint {fingerprint}).',
    why: WHY,
    fix: 'Change it, and keep it among the secrets of the CI system, or let the pipeline sign in without one (OpenID Connect).',
    aspect: 'ci-credential',
    secret: true,
  },
  command: {
    what: 'The script hands the {kind} `{name}` to {owner} as plain text (fingerprint {fingerprint}).',
    why: `It is what runs afterwards, and shows in the list of processes too. ${WHY}`,
    fix: 'Change it, and let the script read it from a secret store, or from a variable that must be set: `${NAME:?message}`.',
    aspect: 'env-literal',
    secret: true,
  },
  written: {
    what: 'The script writes the {kind} `{name}` into {owner} (fingerprint {fingerprint}).',
    why: `Everything that it sets up has the same one. ${WHY}`,
    fix: 'Change it, and let the script draw one (`openssl rand -hex 32`), or read it from a secret store or a variable that must be set: `${NAME:?message}`.',
    aspect: 'env-literal',
    secret: true,
  },
  export: {
    what: 'The script {owner} sets the {kind} `{name}` to a text that stands in it (fingerprint {fingerprint}).',
    why: WHY,
    fix: 'Change it, and let the script read it from a secret store, or from a variable that must be set: `${NAME:?message}`.',
    aspect: 'env-literal',
    secret: true,
  },
  image: {
    what: 'The {kind} `{name}` stands in the {owner} (fingerprint {fingerprint}).',
    why: `Whoever can fetch the image can read it, and every container starts with it. ${WHY}`,
    fix: 'Change it and remove it: hand it over when the container starts, and use `RUN --mount=type=secret` for what the build needs.',
    aspect: 'env-literal',
    secret: true,
  },
  terraform: {
    what: 'The {kind} `{name}` stands in Terraform, in {owner} (fingerprint {fingerprint}).',
    why: `It ends up in the state as well. ${WHY}`,
    fix: 'Change it, take the default away, and read it from a secret store or let the provider make it (random_password, manage_master_user_password).',
    aspect: 'terraform',
    secret: true,
  },
  template: {
    what: 'The {kind} `{name}` stands in the template, in {owner} (fingerprint {fingerprint}).',
    why: `Everybody who may look at the stack or the task can read it. ${WHY}`,
    fix: 'Change it, and refer to Secrets Manager: `{{resolve:secretsmanager:...}}`, or `secrets` with `valueFrom` for a container.',
    aspect: 'template',
    secret: true,
  },
  unit: {
    what: 'The unit {owner} sets the {kind} `{name}` (fingerprint {fingerprint}).',
    why: `Every user of the machine can read it with systemctl. ${WHY}`,
    fix: 'Change it, and use LoadCredential= or an EnvironmentFile= that only root can read and that is not in the repository.',
    aspect: 'env-literal',
    secret: true,
  },
  file: {
    what: 'The file {owner} is in the repository with the {kind} `{name}` (fingerprint {fingerprint}).',
    why: WHY,
    fix: 'Change the secret, remove the file, add it to .gitignore, and keep an example file with empty values.',
    aspect: 'file',
    secret: true,
  },
  setting: {
    what: 'The {kind} `{name}` stands in {owner} (fingerprint {fingerprint}).',
    why: WHY,
    fix: 'Change it, and let the file take it from the environment or a secret store (Ansible Vault, user secrets, a credential provider).',
    aspect: 'file',
    secret: true,
  },
  kubeconfig: {
    what: 'The kubeconfig {owner} holds the {kind} `{name}` (fingerprint {fingerprint}).',
    why: `Whoever has it is that user of the cluster. ${WHY}`,
    fix: 'Revoke the credential, remove the file, and fetch it from the cloud provider when it is needed.',
    aspect: 'file',
    secret: true,
  },
};

export const externalSecrets = defineCheck({
  id: 'external-secrets',
  needs: {
    ...chartNeeds,
    ...settingNeeds(SECRET_WORDS),
    kubernetes: true,
    compose: true,
    terraform: ['kubernetes_', 'kubectl_manifest', 'variable', 'locals', 'module', 'helm_release', ...SECRET_WORDS],
    secretfile: true,
    workflow: ['helm', 'login', ...SECRET_WORDS],
    script: [...chartNeeds.script, ...SECRET_WORDS, 'login', 'docker', 'podman', 'oc ', '<<', 'env'],
  },
  messages,
  assess: (facts) => ({
    subjects: [
      ...sameSecrets(facts.linked(linkSecretUses)).map(judge),
      ...facts.linked(linkCluster).unevaluated.map((one) => unknown('template', one, one.reason)),
    ],
    lookedFor:
      'Secrets, ConfigMaps, environment variables, chart values, compose files, images, scripts, Terraform, CloudFormation, ECS tasks, units of systemd, .env files, keys, kubeconfigs and registry logins',
  }),
});

/** Uses of one secret in one file, the one that weighs most first; each of those that pass is alone. */
function sameSecrets(uses: readonly SecretUse[]): SecretUse[][] {
  const groups = new Map<string, SecretUse[]>();
  for (const [i, use] of uses.entries()) {
    const { place, exposed, variables = [] } = use;
    const key = exposed ? `${place.path} ${exposed.fingerprint} ${variables.join(' ')}` : String(i);
    const group = groups.get(key);
    if (group) group.push(use);
    else groups.set(key, [use]);
  }
  const weight = (use: SecretUse) => (confidenceOf(use) === 'low' ? 0 : 2) + (severityOf(use) === 'high' ? 1 : 0);
  return [...groups.values()].map((group) =>
    group.sort((a, b) => weight(b) - weight(a) || a.place.span.start - b.place.span.start),
  );
}

function confidenceOf({ doubtful, exposed }: SecretUse): 'low' | 'high' {
  return doubtful || exposed?.local ? 'low' : 'high';
}

function severityOf({ way }: SecretUse): Severity {
  return way === 'default' || way === 'placeholder' ? 'medium' : 'high';
}

function judge([use, ...others]: SecretUse[]): Subject {
  const { way, owner, place, exposed, evidence } = use!;
  if (!exposed) return pass(owner, place, evidence ?? 'kept outside the repository');
  const { kind, name, fingerprint } = exposed;
  const finding: Finding = {
    message: way,
    data: { owner, kind, name, fingerprint },
    place,
    confidence: confidenceOf(use!),
    severity: severityOf(use!),
    related: others.map((one) => ({ ...one.place, text: `The same as \`${one.exposed!.name}\` of ${one.owner}.` })),
  };
  return { name: `${kind} ${name} of ${owner}`, place, verdict: 'fail', findings: [finding] };
}
