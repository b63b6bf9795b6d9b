/** Knows when Terraform state is encrypted, out of the repository, and in a protected bucket. */
import { defineCheck, type Finding, fail, listed, type Options, pass, type Subject, unknown } from '../check.ts';
import { type Backend, FILE_START, stateBackends, stateBuckets } from '../facts/backend.ts';
import type { Facts } from '../facts/facts.ts';
import { gitIgnores } from '../facts/ignore.ts';
import { folderOf } from '../facts/paths.ts';
import { terraformModel } from '../facts/terraform/model.ts';
import { stringOf, truth, type Value } from '../facts/terraform/value.ts';
import { type StateFile, terraform } from '../facts/terraform.ts';

export const terraformStateEncryption = defineCheck({
  id: 'terraform-state-encryption',
  needs: { terraform: true, ignore: true, workflow: ['-backend-config'], script: ['-backend-config'] },
  messages: {
    unencrypted: {
      aspect: 'backend',
      what: 'The {type} backend of {root} does not ask for encryption of the state.',
      why: 'State holds every attribute of every resource in clear text, passwords and keys included, and whoever reads the stored object reads them.',
      fix: 'Set `encrypt = true`, and `kms_key_id` for a key of your own.',
    },
    disabled: {
      aspect: 'backend',
      what: 'The {type} backend of {root} switches encryption of the state off.',
      why: 'State holds every attribute of every resource in clear text, passwords and keys included, and whoever reads the stored object reads them.',
      fix: 'Set `encrypt = true`, and `kms_key_id` for a key of your own.',
    },
    local: {
      aspect: 'backend',
      what: 'The state of {root} is kept by the local backend, in a plain file.',
      why: 'It lies unencrypted on whichever machine ran Terraform, with all secrets, without locking and without a backup.',
      fix: 'Use a remote backend that encrypts: s3 with `encrypt = true`, gcs, azurerm or HCP Terraform.',
    },
    missing: {
      aspect: 'backend',
      what: '{root} deploys resources but configures no backend, so its state is a local plain file.',
      why: 'It lies unencrypted on whichever machine ran Terraform, with all secrets, without locking and without a backup.',
      fix: 'Add a backend that encrypts: s3 with `encrypt = true`, gcs, azurerm or HCP Terraform.',
    },
    commented: {
      aspect: 'backend',
      what: 'The {type} backend of {root} is only a comment, so its state is a local plain file.',
      why: 'It lies unencrypted on whichever machine ran Terraform, with all secrets, without locking and without a backup.',
      fix: 'Activate the backend with encryption, and move the state there with `terraform init -migrate-state`.',
    },
    plain: {
      aspect: 'backend',
      what: 'The {type} backend of {root} sends the state over a connection without TLS ({setting}).',
      why: 'Everybody on the way can read the secrets in the state, and change what Terraform believes to exist.',
      fix: 'Use TLS for the connection: {remedy}.',
    },
    stateFile: {
      what: '{file} is a Terraform state file that stands in the repository.',
      why: 'State holds passwords, keys and certificates in clear text; everybody with access to the repository or to a copy of it has them, for good.',
      fix: 'Remove it from the repository and its history, change the secrets it held, and keep the state in an encrypted remote backend.',
      severity: 'high',
    },
    planFile: {
      what: '{file} is a saved Terraform plan that stands in the repository.',
      why: 'A plan holds a copy of the state and all variables in clear text, secrets included.',
      fix: 'Remove it from the repository and its history, and change the secrets it held.',
      severity: 'high',
    },
    notIgnored: {
      aspect: 'ignore',
      what: 'Git would take up a state file of {root}: no pattern here covers *.tfstate.',
      why: 'One `git add .` then publishes all secrets of the state.',
      fix: 'Add `*.tfstate` and `*.tfstate.*` to .gitignore.',
      severity: 'low',
    },
    bucket: {
      aspect: 'bucket',
      what: 'The state bucket {bucket} is defined without {missing}.',
      why: 'The bucket holds all secrets of the state, and the only copy of what Terraform knows.',
      fix: 'Give the bucket default encryption, versioning and an aws_s3_bucket_public_access_block with all four settings on.',
    },
  },
  assess(facts, options) {
    const backends = facts.linked(stateBackends);
    const buckets = facts.linked(stateBuckets).map(({ name, place, missing }) => {
      const label = `state bucket ${name}`;
      if (missing.length === 0) return pass(label, place, 'encrypted, versioned and closed to the public');
      const data = { bucket: name, missing: listed(missing) };
      return fail(label, { message: 'bucket', data, place, confidence: 'high' });
    });
    return {
      subjects: [
        ...backends.map((one) => judge(one, options)),
        ...storedFiles(facts),
        ...ignored(facts, backends),
        ...buckets,
      ],
      lookedFor: '*.tf, *.tofu, *.tf.json, terragrunt.hcl, *.tfbackend, *.tfstate and plan files',
    };
  },
});

function judge(backend: Backend, options: Options): Subject {
  const { type, name, place, settings, partial } = backend;
  const label = type === 'none' ? `state of ${name}` : `${type} backend of ${name}`;
  const bad = (message: string, at = place, data = {}, fix?: Finding['fix']): Subject =>
    fail(label, { message, data: { type, root: name, ...data }, place: at, confidence: 'high', ...(fix && { fix }) });

  if (backend.clientEncryption) return pass(label, place, 'the state is encrypted before it is written');
  if (type === 'none') {
    if (backend.broken) return unknown(label, place, 'a file of this folder cannot be read completely');
    return backend.commented
      ? bad('commented', backend.commented.place, { type: backend.commented.type })
      : bad('missing');
  }
  if (type === 'local') return bad('local');
  const transport = plainTransport(type, settings);
  if (transport) return bad('plain', place, transport);
  if ((options.encryptedBackends as readonly string[]).includes(type)) {
    return pass(label, place, `${type} encrypts what it stores by default`);
  }
  if ((options.flaggedBackends as readonly string[]).includes(type)) {
    const encrypt = settings.get('encrypt');
    const on = truth(encrypt);
    if (on) return pass(label, place, 'encrypt = true');
    const key = (options.keySettings as readonly string[]).find((one) => settings.has(one));
    if (on === undefined && key) return pass(label, place, `${key} names a key`);
    if (on === false) {
      const at = encrypt?.at?.path === place.path ? encrypt.at : undefined;
      const fix = at && { description: 'Switch encryption on', edits: [{ ...at, text: 'true' }] };
      return bad('disabled', at ?? place, {}, fix);
    }
    if (encrypt) return unknown(label, place, `encrypt is ${textOf(encrypt)}, which is not known before a run`);
    if (partial) return unknown(label, place, 'its settings are given at init, by -backend-config or the environment');
    const { end } = backend;
    const fix = end && { description: 'Ask for encryption', edits: [{ ...end, text: '\n    encrypt = true' }] };
    return bad('unencrypted', place, {}, fix);
  }
  if (type === 'http' || type === 'pg') {
    const setting = type === 'http' ? 'address' : 'conn_str';
    const value = settings.get(setting);
    if (value?.kind === 'known') return pass(label, place, 'the connection uses TLS');
    return unknown(label, place, `its ${setting} is given at run time`);
  }
  return unknown(label, place, `whether ${type} stores the state encrypted depends on its set-up`);
}

function textOf(value: Value): string {
  return value.kind === 'unknown' ? value.text : 'computed';
}

/** A backend whose connection is certainly not protected, with the setting that says so. */
function plainTransport(type: string, settings: Backend['settings']): { setting: string; remedy: string } | undefined {
  const address = stringOf(settings.get('address')) ?? '';
  const remedy = 'an https address';
  if (type === 'http' && /^http:/i.test(address)) return { setting: 'address with http', remedy };
  if (type === 'consul' && !/^https:/i.test(address)) {
    const scheme = settings.get('scheme');
    if (scheme?.kind === 'unknown' || stringOf(scheme) === 'https') return undefined;
    return { setting: scheme ? 'scheme = "http"' : 'http is the default scheme', remedy: '`scheme = "https"`' };
  }
  if (type === 'pg' && /sslmode=(?:disable|allow|prefer)\b/.test(stringOf(settings.get('conn_str')) ?? '')) {
    return { setting: 'sslmode', remedy: '`sslmode=verify-full`' };
  }
  if (/^etcd/.test(type) && /(?:^|["'\s[])http:/.test(stringOf(settings.get('endpoints')) ?? '')) {
    return { setting: 'endpoints with http', remedy };
  }
  return undefined;
}

const PLAN = /(?:^|[./_-])tfplan(?:\.(?:json|bin|binary|out|txt|zip|cache))?$/i;
/** Names that only mean a Terraform plan where Terraform is. */
const PLAN_BESIDE = /(?:^|\/)(?:plan|tf[-_.]?plan|terraform[-_.]?plan)(?:\.(?:out|plan|json|bin))$|\.plan$/i;
/** What `terraform init` notes about a remote backend; no state. */
const POINTER = /(?:^|\/)\.terraform\/terraform\.tfstate(?:\.backup)?$/;

function storedFiles(facts: Facts): readonly Subject[] {
  const states = new Map<string, StateFile>();
  for (const { path, data } of facts.of('terraform')) if (data.role === 'state') states.set(path, data);
  const model = facts.linked(terraformModel);
  const subjects: Subject[] = [];
  for (const { path } of facts.files) {
    const place = { path, span: FILE_START };
    const isState = /\.tfstate/i.test(path) && terraform.accepts(path) && !POINTER.test(path);
    const isPlan = PLAN.test(path) || (PLAN_BESIDE.test(path) && model.module(folderOf(path)) !== undefined);
    if (isState && states.get(path)?.encrypted) subjects.push(pass(path, place, 'encrypted by OpenTofu'));
    else if (isState || isPlan) {
      const message = isState ? 'stateFile' : 'planFile';
      subjects.push(fail(path, { message, data: { file: path }, place, confidence: 'high' }));
    }
  }
  return subjects;
}

/** One subject for each .gitignore that stands above a root; a repository without any is no question of patterns. */
function ignored(facts: Facts, backends: readonly Backend[]): readonly Subject[] {
  const ignores = facts.linked(gitIgnores);
  const subjects = new Map<string, Subject>();
  for (const { folder, name, zone } of backends) {
    // The finding stands in .gitignore, so the zone of what it lets in must be looked at here.
    if (zone !== 'production') continue;
    const state = folder ? `${folder}/terraform.tfstate` : 'terraform.tfstate';
    const place = ignores.files(state)[0];
    if (!place) continue;
    const label = `state files and ${place.path}`;
    if (!ignores.ignores(state)) {
      subjects.set(
        place.path,
        fail(label, { message: 'notIgnored', data: { root: name }, place, confidence: 'medium' }),
      );
    } else if (!subjects.has(place.path))
      subjects.set(place.path, pass(label, place, 'state files are ignored by git'));
  }
  return [...subjects.values()];
}
