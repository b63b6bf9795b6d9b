/** Knows whether everything that is fetched from elsewhere is pinned to its content: images, actions, repositories, scripts. */
import {
  defineCheck,
  type Finding,
  failed,
  type Message,
  pass,
  type Severity,
  type Subject,
  unknown,
} from '../check.ts';
import { type ActionUse, linkActions } from '../facts/ci/actions.ts';
import { chartNeeds } from '../facts/helm.ts';
import { groupImages, type ImageGroup, type ImageReference, linkImageReferences } from '../facts/images/references.ts';
import { digestState, holdsPlaceholder, moves, parseImage, untagged } from '../facts/images.ts';
import { linkRemoteCode, type RemoteCode, stateOf } from '../facts/remote-code.ts';
import { linkRevisions, type Revision } from '../facts/revision-label.ts';
import { linkModuleSources } from '../facts/terraform/sources.ts';

const MOVES = 'Whoever can push to that name changes what runs here, without a commit in this repository.';
/** Parts of the names of programs, and of variables that hold them. */
const PROGRAMS = ['go ', ...'docker podman nerdctl OCI_ CONTAINER_ ENGINE git curl wget pip npx npm'.split(' ')];
const ASPECTS = 'base-image compose-image k8s-image ci-image step-image run-image deploy-image'.split(' ');
/** The same sentences for each kind of image: the aspect tells the questions apart. */
const IMAGE: Record<string, Message> = {
  latest: {
    what: 'The {title} is `{image}`: {state}.',
    why: 'The image behind it changes with every release, so two runs of the same commit differ and a broken or hijacked release goes straight in.',
    fix: 'Name a version and its digest: `{name}:VERSION@sha256:...` (`docker buildx imagetools inspect` shows it).{setting}',
  },
  tag: {
    what: 'The {title} is pinned by tag only: `{image}`.',
    why: 'A tag is a name that its owner can point to another image; only the digest names the content.',
    fix: 'Add the digest behind the tag: `{image}@sha256:...`, and let a bot keep both up to date.{setting}',
    severity: 'low',
  },
  digest: {
    what: 'The digest of the {title} in `{image}` is {state}.',
    why: 'It looks pinned, but no image can have that digest: the build fails, or somebody replaces it in a hurry.',
    fix: 'Put the real digest there: `sha256:` and 64 hexadecimal digits.{setting}',
  },
};

function imageMessages(): Record<string, Message> {
  const messages = ASPECTS.flatMap((aspect) => {
    // The image of a step is a question of images and of actions alike: it has no aspect of its own.
    const own = aspect === 'step-image' ? {} : { aspect };
    return Object.entries(IMAGE).map(([kind, message]) => [`${kind}-${aspect}`, { ...message, ...own }] as const);
  });
  return Object.fromEntries(messages);
}

export const imagePinning = defineCheck({
  id: 'image-pinning',
  needs: {
    ...chartNeeds,
    dockerfile: true,
    compose: ['image'],
    kubernetes: ['image', 'dockerImage', 'pkg.crossplane.io'],
    workflow: true,
    script: [...PROGRAMS, ...chartNeeds.script, 'image:', '"image"'],
    otherci: true,
    imagefile: true,
    cloudformation: ['Image'],
    ecs: true,
    dependencies: ['git+', 'git:', 'github:', 'gitlab:', 'bitbucket:'],
    terraform: ['image', 'container_def', 'kubectl_manifest', 'variable', 'locals', 'module', 'helm_release', 'source'],
  },
  evidence: { kubernetes: ['repoURL'] },
  messages: {
    ...imageMessages(),
    own: {
      what: '{images} that this repository builds are used by version tag only.',
      why: 'Whoever can push to {registry} can put another image behind a released version; only a digest names what was tested.',
      fix: 'Let the release write the digests into these files: `kustomize edit set image`, a digest among the values of the chart, `docker compose config --resolve-image-digests`.{setting}',
      severity: 'low',
    },
    action: {
      what: '{title} uses `{action}` by {state}.',
      why: `${MOVES} The step runs with the job's token and secrets.`,
      fix: 'Pin it to the full commit: `{name}@<40 hexadecimal digits> # {ref}`.',
      aspect: 'action',
    },
    clone: {
      what: '`{source}` is cloned at {state}.',
      why: MOVES,
      fix: 'Check out a commit after the clone: `git checkout <40 hexadecimal digits>`.',
      aspect: 'git-ref',
    },
    package: {
      what: 'A package is installed from the repository `{source}` at {state}.',
      why: MOVES,
      fix: 'Name the commit in the address: `@<commit>` for pip, `#<commit>` for npm, `--rev <commit>` for cargo.',
      aspect: 'git-ref',
    },
    tool: {
      what: 'The program `{source}` is fetched and run at {state}.',
      why: 'The newest release runs here minutes after somebody published it, be it the author or whoever took the account.',
      fix: 'Name one release (`{source}@1.2.3`), or install it from a lock file.',
      severity: 'low',
      aspect: 'package',
    },
    module: {
      what: 'The module `{source}` is fetched at {state}.',
      why: `${MOVES} A module holds the credentials of the whole infrastructure while it is applied.`,
      fix: 'Name a commit (`?ref=<40 hexadecimal digits>`), or one version where it comes from a registry.',
      aspect: 'module',
    },
    include: {
      what: 'The pipeline includes `{source}` at {state}.',
      why: `${MOVES} The included jobs run with the pipeline's variables.`,
      fix: 'Include it at a commit (`ref: <40 hexadecimal digits>`), or copy it into the repository.',
      aspect: 'git-ref',
    },
    script: {
      what: 'A script is fetched and run without a check: `{source}`.',
      why: 'What the server sends at that moment runs with all rights of the build, be it changed, cut off or swapped.',
      fix: 'Download it to a file, compare its SHA-256 with a value in this repository (`sha256sum -c`), then run it; or fetch it by commit.',
      severity: 'high',
      aspect: 'download',
    },
    binary: {
      what: 'A program is fetched and installed without a check: `{source}`.',
      why: 'What the server holds at that moment becomes part of the image or the machine; files behind a release can be replaced.',
      fix: 'Compare its SHA-256 with a value in this repository (`sha256sum -c`) before it is installed, or take it from an image or package that is pinned.',
      aspect: 'download',
    },
    add: {
      what: 'ADD fetches `{source}` without a checksum.',
      why: 'What the server sends at build time goes into the image, be it changed, cut off or swapped.',
      fix: 'Add `--checksum=sha256:...` behind ADD, or name a commit in the address.',
      aspect: 'download',
    },
    revision: {
      what: 'The image of this Dockerfile does not say which commit it was built from: {state}.',
      why: 'In an incident nobody can tell which code a running container holds, nor whether a fix is in it.',
      fix: 'Feed the commit in: `ARG REVISION` and `LABEL org.opencontainers.image.revision=$REVISION`, built with `--build-arg REVISION=$(git rev-parse HEAD)`.',
      severity: 'low',
      aspect: 'revision',
    },
  },
  assess: (facts, options) => ({
    subjects: [
      ...groupImages(facts.linked(linkImageReferences)).flatMap(judgeGroup),
      ...facts.linked(linkActions).map((one) => judgeAction(one, options.trustedActions as readonly string[])),
      ...[...facts.linked(linkRemoteCode), ...facts.linked(linkModuleSources)].map(judgeRemote),
      ...(options.revisionLabel === false ? [] : facts.linked(linkRevisions).map(judgeRevision)),
    ],
    lookedFor:
      'images in Dockerfiles, compose files, manifests, scripts and CI; actions; clones, packages, modules and scripts that are fetched',
  }),
});

function judgeGroup({ references, own }: ImageGroup): Subject[] {
  if (own) return judgeOwn(references);
  const [first, ...others] = references;
  const { findings } = judgeImage(first);
  if (others.length === 0 || !findings) return references.map(judgeImage);
  const related = others.slice(0, 10).map((one) => one.use ?? { ...one.place, text: `The ${one.title} is the same.` });
  const shared = findings.map((one) => ({ ...one, related: [...(one.related ?? []), ...related] }));
  return references.map(({ title, place }) => ({ name: title, place, verdict: 'fail', findings: shared }));
}

/** To review: the name is the project's own to keep. */
function judgeOwn(group: ImageGroup['references']): Subject[] {
  const [first, ...others] = group;
  const names = [...new Set(group.map(({ resolved }) => resolved!))];
  const images = names.length > 1 ? `${names.length} images (\`${names[0]}\` and others)` : `Images (\`${names[0]}\`)`;
  const registry = first.own!.prefix === '' ? 'the registry' : `\`${first.own!.prefix}\``;
  const finding: Finding = {
    message: 'own',
    data: { images, registry, setting: settingOf(first) },
    place: first.place,
    confidence: 'low',
    related: others.slice(0, 10).map(({ place, resolved }) => ({ ...place, text: `\`${resolved}\`` })),
  };
  return group.map(({ title, place }) => ({ name: title, place, verdict: 'fail', findings: [finding] }));
}

/** Where to write it down when it is not the image itself that stands there. */
function settingOf({ key, place }: ImageReference): string {
  if (key !== undefined) return ` In the chart the value \`${key}\` decides it.`;
  return /(?:^|\/)kustomization\.ya?ml$/i.test(place.path)
    ? ' In a kustomization the digest is the `digest` of the entry in `images`.'
    : '';
}

function judgeImage(reference: ImageReference): Subject {
  const { title, place, aspect, resolved, exempt, reason = 'built or deployed' } = reference;
  if (exempt !== undefined) return pass(title, place, exempt);
  if (resolved === undefined) return unknown(title, place, `\`${reference.text}\` is only known when it is ${reason}`);
  const image = parseImage(resolved);
  if (!image) return unknown(title, place, `\`${resolved.slice(0, 100)}\` is no image name`);
  const state = digestState(image);
  if (state === 'absent' && holdsPlaceholder(image))
    return unknown(title, place, `\`${reference.text}\` holds a placeholder that the deployment replaces`);
  if (state === 'valid') return pass(title, place, `pinned by digest: ${resolved}`);
  const other = reference.origin ? { ...reference.origin, text: 'The value comes from here.' } : reference.use;
  const related = other ? { related: [other] } : {};
  const more: Partial<Finding> = {
    ...related,
    ...(reference.builder ? { severity: 'low' as Severity } : {}),
    ...(reference.aside ? { confidence: 'low' as const } : {}),
  };
  const data = { title, image: resolved, setting: settingOf(reference) };
  if (state !== 'absent') {
    const why = state === 'invalid' ? 'not a digest' : 'a placeholder';
    return failed(title, `digest-${aspect}`, { ...data, state: why }, place, more);
  }
  if (!moves(image)) return failed(title, `tag-${aspect}`, data, place, more);
  const how = image.tag ? `the tag ${image.tag} moves` : 'without a tag it is whatever is latest';
  return failed(title, `latest-${aspect}`, { ...data, name: untagged(image), state: how }, place, more);
}

function judgeAction({ title, place, uses, pin, state }: ActionUse, trusted: readonly string[]): Subject {
  const { ref = '', name } = uses;
  if (pin === 'local') return pass(uses.text, place, 'stands in this repository');
  if (pin === 'commit') return pass(uses.text, place, `pinned to ${state}`);
  if (trusted.some((owner) => name === owner || name.startsWith(`${owner}/`)))
    return pass(uses.text, place, `${name} is trusted`);
  const official = /^(?:actions|github)\//.test(name);
  const severity: Severity = official ? 'low' : pin === 'version' ? 'medium' : 'high';
  return failed(uses.text, 'action', { title, action: uses.text, name, ref: ref || 'version', state }, place, {
    severity,
  });
}

function judgeRemote(code: RemoteCode): Subject {
  const { kind, source, pin, span, path } = code;
  const name = `${kind} of ${source}`;
  const place = { path, span };
  if (pin === 'commit') return pass(name, place, 'names a commit');
  if (pin === 'checksum') return pass(name, place, 'its checksum is compared');
  if (pin === 'version') return pass(name, place, `names the release ${code.ref}`);
  if (pin === 'own') return pass(name, place, 'it is this repository itself');
  if (pin === 'placeholder') return unknown(name, place, 'the address is to be filled in');
  if (pin === 'unknown') return unknown(name, place, 'a variable without a value in the repository names the commit');
  const more = kind === 'binary' && /\d\.\d|\$\{?\w*VER/i.test(source) ? { severity: 'low' as Severity } : {};
  return failed(name, kind, { source, state: stateOf(code) }, place, more);
}

function judgeRevision({ path, place, state, evidence, fix }: Revision): Subject {
  const name = `revision label of ${path}`;
  if (evidence !== undefined) return pass(name, place, evidence);
  return failed(name, 'revision', { state }, place, fix ? { fix } : {});
}
