import { imagePinning } from '../../src/checks/image-pinning.ts';
import { testCheck } from '../check-tester.ts';

const DIGEST = 'sha256:36e591f228bb9b99348f584e83f16e012c33ba5cad44ef5981a1d7c0a93eca22';
const COMMIT = '11bd71901bbe5b1630ceea73d27597364c9af683';
const BASE = `FROM a@${DIGEST}\n`;
const workflow = (...steps: string[]) => ({
  '.github/workflows/x.yml': `on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n${steps.map((step) => `      - ${step}\n`).join('')}`,
});
const pod = (image: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n    - name: c\n      image: ${image}\n`;
const LINE = 6;
const bake = (context: string) =>
  `target "low" {\n  context = "low/"\n}\ntarget "app" {\n  context = "app"\n  contexts = {\n    low = "${context}"\n  }\n}\n`;
const collects = (label: string) =>
  `#!/bin/bash\nIMAGE_ORG="\${IMAGE_ORG-ours}"\nIMAGE_REPO="\${IMAGE_REPO-shop}"\nARGS=(--pull -f "\${FILE}")\nif [ -d .git ]; then\n  ARGS+=(--label "org.opencontainers.image.revision=${label}")\nfi\n$DRY docker buildx --builder "x" build "\${ARGS[@]}" .\n`;
const exported = 'FROM scratch\nCOPY a /a\nENTRYPOINT ["/a"]\n';
const job = (image: string) =>
  `apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec:\n  template:\n    spec:\n      containers:\n        - name: c\n          image: ${image}\n`;
const overlay = (name: string) => ({
  'base/kustomization.yaml': 'resources: [p.yaml]\n',
  'base/p.yaml': pod('web'),
  [`env/${name}/kustomization.yaml`]:
    'resources: [../../base]\nimages:\n  - name: web\n    newName: a.example/web\n    newTag: master\n',
});

const pinnedRuns = [
  ['clone and checkout in one RUN', `git clone https://x.example/a/b.git && cd b && git checkout ${COMMIT}`],
  ['clone and checkout with -C', `git clone https://x.example/a/b /src/b && git -C /src/b checkout -q ${COMMIT}`],
  [
    'fetch by commit',
    `git clone --depth 1 https://x.example/a/b && cd b && git fetch origin ${COMMIT} && git checkout FETCH_HEAD`,
  ],
  ['reset to a commit', `git clone git@x.example:a/b.git b; cd b; git reset --hard ${COMMIT}`],
  ['clone with --revision', `git clone --revision=${COMMIT} https://x.example/a/b`],
  ['pip at a commit', `pip install "git+https://x.example/a/b.git@${COMMIT}#egg=b"`],
  ['pip with a name', `python3 -m pip install "b[c] @ git+https://x.example/a/b@${COMMIT}"`],
  ['npm at a commit', `npm install git+https://x.example/a/b.git#${COMMIT}`],
  ['npm short form', `npm i -g some/tool#${COMMIT}`],
  ['cargo at a commit', `cargo install --git https://x.example/a/b --rev ${COMMIT}`],
  ['raw address with a commit', `curl -sSL https://raw.x.example/a/b/${COMMIT}/i.sh | bash`],
  ['process substitution with a commit', `bash <(curl -s https://raw.x.example/a/b/${COMMIT}/i.sh)`],
];

const unpinnedRuns: [string, string, string][] = [
  ['clone', 'clone', 'git clone https://x.example/a/b.git'],
  ['clone of a branch', 'clone', 'git clone --depth 1 -b main https://x.example/a/b.git /b'],
  ['clone and checkout of a branch', 'clone', 'git clone https://x.example/a/b && cd b && git checkout release-2'],
  ['clone behind sudo and options', 'clone', 'sudo -E git -c http.sslVerify=true clone https://x.example/a/b'],
  [
    'commit of another clone',
    'clone',
    `git clone https://x.example/a/one && git clone https://x.example/a/two && cd two && git checkout ${COMMIT}`,
  ],
  ['pip', 'package', 'pip install git+https://x.example/a/b.git'],
  ['pip of a tag', 'package', 'pip3 install --no-cache-dir -e git+ssh://git@x.example/a/b.git@v1.0#egg=b'],
  ['pip with a name', 'package', 'uv pip install "b @ git+https://x.example/a/b@main"'],
  ['pip of a branch archive', 'package', 'pip install https://github.com/a/b/archive/refs/heads/main.zip'],
  ['npm', 'package', 'npm install git+https://x.example/a/b.git'],
  ['npm of a range', 'package', 'npm install github:a/b#semver:^5.0'],
  ['npm short form', 'package', 'yarn global add a/b'],
  ['cargo', 'package', 'cargo install --git https://x.example/a/b --branch main'],
  ['curl into sh', 'script', 'curl -fsSL https://x.example/i.sh | sh -s -- --yes'],
  ['wget into sudo bash', 'script', 'wget -qO- https://x.example/i.sh | sudo -E bash -'],
  ['curl into python', 'script', 'curl https://x.example/i.py | python3 -'],
  ['process substitution', 'script', 'bash <(curl -s https://x.example/i.sh)'],
  ['command substitution', 'script', 'sh -c "$(curl -fsSL https://x.example/i.sh)"'],
  ['eval', 'script', 'eval "$(wget -O - https://x.example/i.sh)"'],
  ['a shell told to run a fetch', 'script', 'sudo sh -exc "cd /x; curl -s https://x.example/i.sh | sh"'],
  ['another user told to run it', 'script', "su - app -c 'bash <(curl -s https://x.example/i.sh)'"],
  ['a shell in a shell', 'script', `bash -c 'sh -c "wget -qO- https://x.example/i.sh | sh"'`],
  ['pip of the git protocol', 'package', 'pip install -e git://x.example/a/b.git@main#egg=b'],
  ['pip of Mercurial', 'package', 'pip install hg+https://x.example/a/b'],
  ['download, then run', 'script', 'curl -o /tmp/i.sh https://x.example/i.sh && chmod +x /tmp/i.sh && /tmp/i.sh'],
  ['download with -O, then run', 'script', 'wget https://x.example/i.sh; bash i.sh'],
  ['download by redirection, then run', 'script', 'curl -L https://x.example/i.sh > setup; sh ./setup'],
];

const harmless = [
  'curl -fsSLo data.json https://x.example/data.json && mv data.json /srv/data.json',
  'wget https://x.example/t.tgz && tar xzf t.tgz && cp t/conf /etc/t.conf',
  'curl -O https://x.example/a.txt && chmod 644 a.txt',
  'curl -fsS https://x.example/health',
  'curl -L https://x.example/v1/t.tar.gz | tar xz -C /opt',
  'echo "curl https://x.example/i.sh | sh"',
  'git clone /srv/mirror/b',
  'pip install requests==2.32.0',
  'npm install ./packages/b @scope/name',
  'cat i.sh | sh',
  'echo sh -c "curl https://x.example/i.sh"',
  'python3 -c "curl https://x.example/i.sh | sh"',
  'sh -c',
  'wget -qO- https://x.example/list | grep x',
];

const images: [string, string, string | undefined][] = [
  ['a tag', 'nginx:1.27', 'tag'],
  ['no tag', 'nginx', 'latest'],
  ['latest', 'nginx:latest', 'latest'],
  ['registry with a port', 'registry.example.org:5000/a/b', 'latest'],
  ['registry and tag', 'registry.example.org:5000/a/b:1', 'tag'],
  ['no digest at all', 'nginx:1@v1', 'digest'],
  ['an empty digest', 'nginx:1@sha256', 'digest'],
  ['a shortened digest', 'nginx@sha256:f1dbca0f5dbc9', 'digest'],
  ['an edition of whatever is newest', 'docker:dind', 'latest'],
  ['an edition of a line of releases', 'node:lts-alpine', 'latest'],
  ['an environment', 'shop/web:staging', 'latest'],
  ['an edition of a version', 'nginx:1.27-alpine-slim', 'tag'],
  ['a release by its name', 'debian:bookworm-slim', 'tag'],
  ['zeros', `nginx@sha256:${'0'.repeat(64)}`, 'digest'],
  ['a sequence', `nginx@sha256:${'0123456789abcdef'.repeat(4)}`, 'digest'],
];

testCheck(imagePinning, {
  valid: [
    {
      name: 'digests in manifests and compose files that a script writes',
      files: {
        'deploy.sh': `#!/bin/sh\nD=${DIGEST}\nkubectl apply -f - <<EOF\n${pod('a@$D')}EOF\ncat > compose.yaml <<'EOF'\nservices:\n  a:\n    image: b@${DIGEST}\nEOF\n`,
      },
      subjects: 2,
    },
    {
      name: 'an image that a script builds, and a manifest that it applies',
      files: {
        'smoke.sh': `#!/bin/sh\nI=shop:smoke\ndocker build -t "$I" .\nkubectl apply -f - <<EOF\n${job('$I')}EOF\n`,
      },
      subjects: 1,
      evidence: 'built by smoke.sh',
    },
    {
      name: 'images that a script builds and writes into a compose file, and a service that is built',
      files: {
        'deploy.sh':
          '#!/bin/sh\ndocker build -t shop-web:staging .\ncat > compose.yaml <<EOF\nservices:\n  a:\n    image: shop-web:staging\n  b:\n    build: .\n    image: shop-b:1\nEOF\n',
      },
      subjects: 1,
      evidence: 'built by deploy.sh',
    },
    {
      name: 'bases that another target of a bake file among the tests builds',
      files: {
        'tests/all.hcl': bake('target:low'),
        'low/Dockerfile': BASE,
        'app/Dockerfile': 'FROM low\nCOPY --from=low /a /b\nRUN --mount=type=bind,from=low,target=/x true\n',
      },
      subjects: 4,
    },
    {
      name: 'revision label among arguments that a script collects',
      files: { Dockerfile: `${BASE}LABEL org.opencontainers.image.revision=""\nCMD ["x"]\n`, 'b.sh': collects('$REF') },
      subjects: 2,
    },
    {
      name: 'files that a build leaves in a folder are no image',
      files: { 'a.Dockerfile': exported, Makefile: 'a:\n\tdocker build -f a.Dockerfile --output=out .\n' },
      subjects: 1,
    },
    {
      name: 'files that a build leaves in a folder, by type',
      files: {
        'a.Dockerfile': exported,
        'b.sh': '#!/bin/sh\ndocker buildx build -f a.Dockerfile -o type=local,dest=out .\n',
      },
      subjects: 1,
    },
    {
      name: 'compose: the digest stands in .env',
      files: {
        'compose.yaml': 'services:\n  a:\n    image: "shop/a${DIGEST}"\n',
        '.env': `DIGEST=@${DIGEST}\n`,
      },
    },
    { name: 'digest', files: { Dockerfile: `FROM nginx@${DIGEST}\n` } },
    { name: 'digest behind a tag', files: { Dockerfile: `FROM --platform=linux/amd64 nginx:1.27@${DIGEST} AS a\n` } },
    { name: 'scratch', files: { Dockerfile: 'FROM scratch\nCOPY a /\n' } },
    {
      name: 'stages by name, number and variable, in any case',
      files: {
        Dockerfile: `ARG NEXT=base\nFROM a@${DIGEST} AS Base\nFROM base AS two\nFROM $NEXT\nCOPY --from=BASE /a /b\nCOPY --from=1 /a /b\nRUN --mount=type=bind,from=base,target=/x true\n`,
      },
      subjects: 1,
    },
    { name: 'variable with a digest', files: { Dockerfile: `ARG BASE=nginx@${DIGEST}\nFROM \${BASE}\n` } },
    {
      name: 'copied from a digest',
      files: { Dockerfile: `FROM scratch\nCOPY --from=busybox@${DIGEST} /a /b\n` },
      subjects: 2,
    },
    {
      name: 'revision label',
      files: { Dockerfile: `${BASE}ARG SHA\nLABEL org.opencontainers.image.revision="\${SHA}"\nCMD ["x"]\n` },
      subjects: 2,
    },
    ...[
      ['a stage for tests', `${BASE}RUN make\nEXPOSE 80\nFROM a@${DIGEST} AS app-test\nRUN make\nEXPOSE 80\n`],
      ['a server with nothing added', `FROM nginx@${DIGEST}\nEXPOSE 8080\n`],
      ['a distribution', `FROM ubuntu@${DIGEST}\nRUN apt-get install -y nginx\n`],
      ['a language', `FROM php:8.3-cli@${DIGEST}\nCOPY src /src\n`],
      ['a server that is copied from', `FROM nginx@${DIGEST} AS web\nEXPOSE 80\nFROM scratch\nCOPY --from=web /x /x\n`],
    ].map(([name, text]) => ({ name: `no command but ${name}`, files: { Dockerfile: text! } })),
    {
      name: 'a server with a label',
      files: {
        Dockerfile: `FROM nginx@${DIGEST}\nARG SHA\nLABEL org.opencontainers.image.revision=$SHA\nCOPY site /srv\n`,
      },
      evidence: 'the label org.opencontainers.image.revision is $SHA',
    },
    {
      name: 'revision as environment',
      files: { Dockerfile: `${BASE}ARG REV\nENV GIT_COMMIT=$REV\nCMD ["x"]\n` },
      subjects: 2,
    },
    {
      name: 'revision label not wanted',
      files: { Dockerfile: `${BASE}CMD ["x"]\n` },
      options: { revisionLabel: false },
      subjects: 1,
    },
    {
      name: 'revision label by CI',
      files: {
        Dockerfile: `${BASE}CMD ["x"]\n`,
        ...workflow(
          `uses: docker/metadata-action@${COMMIT}\n        id: meta`,
          `uses: docker/build-push-action@${COMMIT}\n        with:\n          context: .\n          labels: \${{ steps.meta.outputs.labels }}`,
        ),
      },
      subjects: 4,
    },
    {
      name: 'revision label by bake, and none for the image of an action',
      files: {
        Dockerfile: `${BASE}CMD ["x"]\n`,
        '.github/actions/x/Dockerfile': `${BASE}CMD ["y"]\n`,
        '.github/workflows/x.yml': `on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: docker/metadata-action@${COMMIT}\n  b:\n    runs-on: x\n    steps:\n      - run: docker buildx bake image\n`,
      },
      subjects: 4,
    },
    {
      name: 'revision label by docker build',
      files: {
        Dockerfile: `${BASE}CMD ["x"]\n`,
        ...workflow('run: docker build --label "org.opencontainers.image.revision=$GITHUB_SHA" -t x .'),
      },
      subjects: 2,
    },
    {
      name: 'images of scripts that are pinned, built or loaded',
      files: {
        Dockerfile: BASE,
        'run.sh': `#!/bin/sh\nNAME=shop\ndocker build -t "$NAME:dev" .\ndocker run -dp 80:80 $NAME:dev\ndocker run --rm -v "$PWD:/x" busybox@${DIGEST} ls\ndocker buildx create --name maker\ndocker load < other.tgz\npodman run other:1\n`,
        'gone.sh': '#!/bin/sh\ndocker build -f away/Dockerfile -t away .\ndocker run away\n',
      },
      subjects: 5,
    },
    {
      name: 'clone of a local folder',
      files: { Dockerfile: BASE, 'a.sh': '#!/bin/sh\ngit clone "$(dirname "$0")/.." copy\ngit clone "$PWD" b\n' },
      subjects: 1,
    },
    {
      name: 'programs and modules of one release',
      files: {
        'a.sh':
          '#!/bin/sh\ngo install x.example/a/b@v1.2.3\nnpx -y tool@1.2.3\nnpx installed-tool\nnpm exec installed-tool\nnpx @acme/docs preview spec/api.json\n',
        'main.tf': `module "a" {\n  source  = "org/vpc/aws"\n  version = "5.1.2"\n}\nmodule "b" {\n  source = "git::https://x.example/a/b.git?ref=${COMMIT}"\n}\nmodule "c" {\n  source = "./c"\n}\n`,
        'unit/terragrunt.hcl': 'terraform {\n  source = "tfr:///org/vpc/aws?version=3.5.0"\n}\n',
      },
      subjects: 5,
    },
    {
      name: 'local base image',
      files: {
        Dockerfile: 'FROM shop-base:latest\n',
        'base/Dockerfile': BASE,
        'compose.yaml': 'services:\n  base:\n    image: shop-base\n    build: base\n',
      },
    },
    ...pinnedRuns.map(([name, run]) => ({
      name: `RUN: ${name}`,
      files: { Dockerfile: `${BASE}RUN ${run}\n` },
      subjects: 2,
    })),
    ...pinnedRuns.map(([name, run]) => ({
      name: `CI: ${name}`,
      files: workflow(`run: |\n          set -e\n          ${run}`),
      subjects: 1,
    })),
    ...harmless.map((run) => ({
      name: `nothing remote is run: ${run}`,
      files: { Dockerfile: `${BASE}RUN ${run}\n` },
      subjects: 1,
    })),
    {
      name: 'checkout in a later RUN',
      files: { Dockerfile: `${BASE}RUN git clone https://x.example/a/b /b\nWORKDIR /b\nRUN git checkout ${COMMIT}\n` },
    },
    {
      name: 'checkout of an ARG',
      files: {
        Dockerfile: `${BASE}ARG REV=${COMMIT}\nRUN git clone https://x.example/a/b && cd b && git checkout "$REV"\n`,
      },
    },
    {
      name: 'checksum compared',
      files: {
        Dockerfile: `${BASE}RUN curl -o i.sh https://x.example/i.sh && echo "abc  i.sh" | sha256sum -c && sh i.sh\n`,
      },
    },
    {
      name: 'signature verified in a later RUN',
      files: {
        Dockerfile: `${BASE}RUN curl -o i.sh https://x.example/i.sh\nRUN gpg --verify i.sh.asc i.sh\nRUN sh i.sh\n`,
      },
    },
    {
      name: 'ADD with a checksum',
      files: { Dockerfile: `${BASE}ADD --checksum=${DIGEST} https://x.example/a.bin /\n` },
    },
    {
      name: 'ADD at a commit',
      files: {
        Dockerfile: `${BASE}ADD https://x.example/a/b.git#${COMMIT} /b\nADD https://raw.x.example/a/b/${COMMIT}/c /c\n`,
      },
      subjects: 3,
    },
    { name: 'compose by digest', files: { 'compose.yaml': `services:\n  a:\n    image: nginx:1@${DIGEST}\n` } },
    {
      name: 'compose by a default digest',
      files: { 'compose.yaml': `services:\n  a:\n    image: "\${IMAGE:-nginx@${DIGEST}}"\n` },
    },
    {
      name: 'compose: built by another service',
      files: { 'compose.yaml': 'services:\n  a:\n    image: shop/a:dev\n    build: a\n  b:\n    image: shop/a:dev\n' },
    },
    {
      name: 'names that skaffold replaces',
      files: {
        'skaffold.yaml':
          'apiVersion: skaffold/v4beta6\nkind: Config\nbuild:\n  artifacts:\n    - image: shop\n      context: gone\nprofiles:\n  - name: more\n    build:\n      artifacts:\n        - image: registry.example.org/team/cart\n',
        'k/one.yaml': pod('shop'),
        'k/two.yaml': pod('registry.example.org/team/cart:v1'),
        'part/kustomization.yaml': 'kind: Component\nresources: [three.yaml]\n',
        'part/three.yaml': pod('shop:latest'),
      },
      subjects: 3,
    },
    {
      name: 'images of skaffold, whatever builds them, in charts and as bases of each other',
      files: {
        'skaffold.yaml': [
          'apiVersion: skaffold/v4beta6',
          'kind: Config',
          'build:',
          '  artifacts:',
          '    - {image: shop, buildpacks: {builder: b}}',
          '    - {image: registry.example.org/team/cart, jib: {}}',
          '    - {image: plain, context: plain, requires: [{image: low, alias: LOW}, {image: team/deep}]}',
          'profiles:',
          '  - {name: more, build: {artifacts: [{image: added, ko: {}}]}}',
          '  - {name: odd, patches: [{op: add, path: /build/artifacts/-, value: {image: late, custom: {}}}]}',
          'deploy:',
          '  helm:',
          '    releases:',
          '      - name: a',
          '        chartPath: chart',
          '        artifactOverrides: {first: shop, deep: {second: registry.example.org/team/cart}}',
          '        setValueTemplates:',
          '          third.repo: "{{.IMAGE_DOMAIN_registry_example_org_team_cart}}/{{.IMAGE_REPO_NO_DOMAIN_registry_example_org_team_cart}}"',
          '          third.tag: "{{.IMAGE_TAG_registry_example_org_team_cart}}@{{ .IMAGE_DIGEST2 }}"',
          '          fourth: "{{.IMAGE_FULLY_QUALIFIED}}"',
          '',
        ].join('\n'),
        'chart/Chart.yaml': 'apiVersion: v2\nname: chart\nversion: 1.0.0\n',
        'chart/values.yaml':
          'first: other.example/x:1\ndeep: {second: other.example/y:1}\nthird: {repo: other.example/z, tag: v1}\nfourth: other.example/z\n',
        'chart/templates/p.yaml': [
          ['a', '{{ .Values.first }}'],
          ['b', '{{ .Values.deep.second }}'],
          ['c', '{{ .Values.third.repo }}:{{ .Values.third.tag }}'],
          ['d', '{{ .Values.fourth }}'],
        ]
          .map(([name, image]) => `---\n${pod(`"${image}"`).replace('name: p', `name: ${name}`)}`)
          .join(''),
        'plain/Dockerfile':
          'ARG LOW=golang:1.23\nARG team_deep\nFROM $LOW AS low\nFROM ${team_deep}\nCOPY --from=low /a /a\n',
        'k/one.yaml': pod('added:v1'),
        'k/two.yaml': pod('late'),
      },
      subjects: 8,
      skip: ['comment'],
    },
    {
      name: 'built by a program that another script chooses, and named by docker tag',
      files: {
        'prepare.sh': '#!/bin/sh\n$OCI_BIN build -t x.local/tool a/\n',
        'run.sh': `#!/bin/sh\nOCI_BIN=podman\n. ./prepare.sh\n$OCI_BIN run --rm x.local/tool\n`,
        'b.sh': `#!/bin/sh\ndocker pull x.example/a@${DIGEST}\ndocker tag x.example/a@${DIGEST} x.example/a:here\ndocker run x.example/a:here\n`,
      },
      subjects: 3,
      skip: ['comment'],
    },
    { name: 'a name that ko replaces', files: { 'k.yaml': pod('ko://example.org/shop/cmd/api') } },
    {
      name: 'built on the node and never fetched',
      files: {
        'a.sh': '#!/bin/sh\ndocker build . --tag=shop:dev\n',
        'k.yaml': `${pod('shop:dev')}      imagePullPolicy: Never\n`,
      },
      // Without the build or the policy the name is fetched.
      skip: ['comment'],
    },
    {
      name: 'compose: built by scripts and pipelines, in any order of options, by a tag, or by another tool',
      files: {
        'a.sh':
          '#!/bin/sh\ndocker build -q . -f gone/Dockerfile -t one:$V\ndocker build --tag=team/two --no-cache .\ndocker tag one registry.example.org/one\npack build three --builder b\n/kaniko/executor -d four\nmvn package jib:build -Dimage=five\nbuildah bud -t six\n',
        ...workflow(
          `uses: docker/build-push-action@${COMMIT}\n        with:\n          tags: |\n            seven:1\n            \${{ env.REG }}/x`,
        ),
        'compose.yaml': `services:\n${[
          'one',
          'team/two',
          'registry.example.org/one',
          'three',
          'four:1',
          'five',
          'six',
          'seven:latest',
        ]
          .map((image, i) => `  s${i}:\n    image: ${image}\n    tty: true\n`)
          .join('')}`,
      },
      subjects: 9,
      skip: ['comment'],
    },
    {
      name: 'compose: built from the Dockerfile of that name, or under the name that compose gives',
      files: {
        'x/Dockerfile.mesh-node': BASE,
        'x/api/Dockerfile': BASE,
        'x/compose.yaml':
          'services:\n  a:\n    image: mesh-node:latest\n    tty: true\n  b:\n    build: api\n  c:\n    image: x-b\n    tty: true\n  the-low:\n    build: api\n',
        'y/Dockerfile': 'FROM anything-the-low:latest\n',
        'y/stack.yaml': 'services:\n  a:\n    image: anything_the-low\n    tty: true\n',
      },
      subjects: 5,
      skip: ['comment'],
    },
    { name: 'Kubernetes by digest', files: { 'k.yaml': pod(`nginx:1@${DIGEST}`) } },
    {
      name: 'Kubernetes by a digest of kustomize',
      files: {
        'k.yaml': pod('nginx'),
        'kustomization.yaml': `resources: [k.yaml]\nimages:\n  - name: nginx\n    digest: ${DIGEST}\n`,
      },
    },
    { name: 'action by commit', files: workflow(`uses: actions/checkout@${COMMIT} # v4`) },
    { name: 'local action', files: workflow('uses: ./.github/actions/x') },
    { name: 'trusted owner', files: workflow('uses: our-org/deploy@v1'), options: { trustedActions: ['our-org'] } },
    {
      name: 'reusable workflow by commit',
      files: { '.github/workflows/x.yml': `on: push\njobs:\n  a:\n    uses: o/r/.github/workflows/w.yml@${COMMIT}\n` },
    },
    { name: 'step image by digest', files: workflow(`uses: docker://alpine@${DIGEST}`) },
    {
      name: 'uses in a comment and in a script',
      files: workflow(
        'run: |\n          # uses: a/b@v1\n          echo "uses: a/b@v1"',
        `uses: actions/checkout@${COMMIT}`,
      ),
      subjects: 1,
    },
    {
      name: 'matrix of digests',
      files: {
        '.github/workflows/x.yml': `on: push\njobs:\n  a:\n    runs-on: x\n    strategy:\n      matrix:\n        image: ["a@${DIGEST}", "b@${DIGEST}", ""]\n    container: \${{ matrix.image }}\n    steps:\n      - run: "true"\n`,
      },
      subjects: 1,
    },
    {
      name: 'a digest from a variable of a script',
      files: { 'run.sh': `IMAGE=redis@${DIGEST}\nNEXT="$IMAGE"\ndocker pull "$NEXT"\ndocker run -d "\${NEXT}"\n` },
    },
    {
      name: 'a digest that the build is given, whatever stands for it by default',
      files: {
        'a/Dockerfile': 'ARG SUM=must-be-given\nFROM alpine@sha256:${SUM}\n',
        'b/Dockerfile': 'ARG SUM\nFROM alpine:3.22@sha256:$SUM\n',
      },
    },
    {
      name: 'an image of the project itself',
      files: { '.gitlab-ci.yml': 'a:\n  image: $CI_REGISTRY_IMAGE/base:latest\n  script: [make]\n' },
    },
    {
      name: 'include of the project itself',
      files: {
        '.gitlab-ci.yml': 'include:\n  - project: $CI_PROJECT_PATH\n    ref: main\n    file: /a.yml\n',
      },
    },
    {
      name: 'include at a commit',
      files: {
        '.gitlab-ci.yml': `include:\n  - project: g/p\n    ref: ${COMMIT}\n    file: x.yml\na:\n  script: [make]\n`,
      },
    },
    {
      name: 'own repository, by a condition, a label, Argo CD or a folder of it',
      files: {
        '.github/workflows/x.yml':
          "on: push\njobs:\n  a:\n    if: github.repository == 'team/one'\n    runs-on: x\n    steps:\n      - run: git clone https://x.example/team/one.git\n",
        Dockerfile: `${BASE}LABEL org.opencontainers.image.source=https://x.example/team/two\nRUN git clone git@x.example:team/two\n`,
        'app.yaml':
          'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec:\n  source:\n    repoURL: https://x.example/team/three.git\n    path: deploy/prod\n',
        'deploy/prod/a.sh': '#!/bin/sh\ngit clone https://x.example/other/three\n',
        'four.sh': '#!/bin/sh\ngit clone https://x.example/team/four\ncd four/deploy/prod/\nsh a.sh\n',
      },
      subjects: 5,
      skip: ['comment'],
    },
    {
      name: 'programs whose checksum is compared',
      files: {
        'a.sh':
          '#!/bin/sh\ncurl -Lo tool https://x.example/tool\nchmod +x tool\necho "$SUM tool" | sha256sum -c -\nwget https://x.example/t.tgz\nsha256sum --check t.sha\ntar xzf t.tgz\nmv t/bin/t /usr/local/bin/t\n',
      },
      subjects: 2,
      skip: ['comment'],
    },
    {
      name: 'clone of the own repository',
      files: workflow(
        'run: git clone https://github.com/${{ github.repository }} x',
        'run: |\n          remote="https://$TOKEN@github.com/${GITHUB_REPOSITORY}.git"\n          git clone -b gh-pages "${remote}" y',
        `uses: actions/checkout@${COMMIT}`,
      ),
      subjects: 1,
    },
  ],
  invalid: [
    ...[
      ['applied from the input', (yaml: string) => `kubectl apply -f - <<EOF\n${yaml}EOF\n`, 4],
      ['applied through a pipe', (yaml: string) => `cat <<'EOF' | sudo k3s kubectl create -f -\n${yaml}EOF\n`, 4],
      ['applied by a variable', (yaml: string) => `cat <<EOF | \${KUBECTL_CMD} -n x apply -f-\n${yaml}EOF\n`, 4],
      ['written into a file', (yaml: string) => `if x; then\n  cat > "$DIR/job.yaml" <<EOF\n${yaml}EOF\nfi\n`, 5],
      ['written by tee', (yaml: string) => `sudo tee /srv/job.yml >/dev/null <<EOF\n${yaml}EOF\n`, 4],
      ['indented by tabs', (yaml: string) => `cat >j.yaml <<-EOF\n${yaml.replace(/^/gm, '\t')}EOF\n`, 4],
      ['said by echo', (yaml: string) => `echo "${yaml}" | kubectl apply -f -\n`, 3],
      ['in a function', (yaml: string) => `up() {\n  kubectl apply -f - <<EOF\n${yaml}EOF\n}\nup\n`, 5],
      [
        'behind escapes',
        (yaml: string) => `cat >j.yaml <<EOF\n${'# \\$HOME and \\`x\\`\n'.repeat(30)}${yaml}EOF\n`,
        34,
      ],
    ].map(([name, script, before]) => ({
      name: `a manifest that a script writes: ${name}`,
      files: { 'deploy.sh': `#!/bin/sh\n${(script as (yaml: string) => string)(job('a:1'))}` },
      findings: [
        {
          message: 'tag-k8s-image',
          at: `deploy.sh:${(before as number) + 7}`,
          confidence: 'high' as const,
          what: '`a:1`',
        },
      ],
      skip: ['comment'] as const,
    })),
    {
      name: 'JSON that a script applies',
      files: {
        'deploy.sh': `#!/bin/sh\nkubectl apply -f - <<EOF\n{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"c","image":"a:1"}]}}\nEOF\n`,
      },
      findings: [{ message: 'tag-k8s-image', at: 'deploy.sh:3' }],
      skip: ['comment'],
    },
    {
      name: 'variables in what a script writes',
      files: {
        'deploy.sh': `#!/bin/sh\nV=1.2\nW="\${W:-3.4}"\nkubectl apply -f - <<EOF\n${job('a:$V')}---\n${job('b:${W}')}---\n${job('c:${X:-latest}')}---\n${job('d:latest').replace('metadata', '$EXTRA\nmetadata')}EOF\n`,
      },
      findings: [
        { message: 'tag-k8s-image', at: 'deploy.sh:13', what: '`a:1.2`' },
        { message: 'tag-k8s-image', at: 'deploy.sh:23', what: '`b:3.4`' },
        { message: 'latest-k8s-image', at: 'deploy.sh:33', what: '`c:latest`' },
        { message: 'latest-k8s-image', at: 'deploy.sh:44', what: '`d:latest`' },
      ],
      skip: ['comment'],
    },
    {
      name: 'compose files that scripts write, for production and for a test',
      files: {
        'deploy.sh':
          "#!/bin/sh\ncat > compose.yaml <<'EOF'\nservices:\n  a:\n    image: a:${TAG:-1}\n  b:\n    build: .\n    image: b\nEOF\n",
        'stack.sh': '#!/bin/sh\ndocker stack deploy -c - shop <<EOF\nservices:\n  a:\n    image: c:\\${TAG:-2}\nEOF\n',
        'dev-up.sh': '#!/bin/sh\ncat <<EOF > compose.yaml\nservices:\n  a:\n    image: a:3\nEOF\n',
      },
      findings: [
        { message: 'tag-compose-image', at: 'deploy.sh:5', confidence: 'high', what: '`a:1`' },
        { message: 'tag-compose-image', at: 'stack.sh:5', confidence: 'high', what: '`c:2`' },
        { message: 'tag-compose-image', at: 'dev-up.sh:5', confidence: 'low' },
      ],
      skip: ['comment'],
    },
    {
      name: 'compose files that a function renders or a script puts together',
      files: {
        'install.sh':
          '#!/bin/sh\nF=docker-compose.yml\nrender() {\n  cat <<EOF\nservices:\n$MORE\n  a:\n    image: ${IMAGE:-a:1}\nEOF\n}\nshow() {\n  cat <<EOF\nservices:\n  a:\n    image: b:1\nEOF\n}\nshow\ncat > docker-compose.more.yml <<EOF\nservices:\n  z:\n    image: ${IMAGE:-a:1}\nEOF\nmain() {\n  render > docker-compose.yml\n}\nmain\ncat >> "$F" <<EOF\n\n  c:\n    image: c:1\n    restart: always\nEOF\ncat > values.yaml <<EOF\nc:\n  image: c:2\n  ports: [1]\nEOF\n',
      },
      findings: [
        { message: 'tag-compose-image', at: 'install.sh:8', what: '`a:1`' },
        { message: 'tag-compose-image', at: 'install.sh:31', what: '`c:1`' },
      ],
      skip: ['comment'],
    },
    {
      name: 'a cluster of a database that a script writes',
      files: {
        'db.sh':
          '#!/bin/sh\nkubectl apply -f - <<EOF\napiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db}\nspec:\n  imageName: a.example/pg:17\nEOF\n',
      },
      findings: [{ message: 'tag-deploy-image', at: 'db.sh:7' }],
      skip: ['comment'],
    },
    {
      name: 'a context of another name, of another Dockerfile, or none of a target',
      files: {
        'tests/all.hcl': bake('target:low').replace('low = "t', 'high = "t'),
        'ops/all.hcl': bake('./low'),
        'low/Dockerfile': 'FROM low\nRUN true\n',
        'app/Dockerfile': 'FROM low\n',
      },
      findings: [
        { message: 'latest-base-image', at: 'low/Dockerfile:1' },
        { message: 'latest-base-image', at: 'app/Dockerfile:1' },
      ],
      skip: ['comment'],
    },
    {
      name: 'a constant label among arguments of a script, and arguments nothing is built with',
      files: {
        Dockerfile: `${BASE}CMD ["x"]\n`,
        'b.sh': collects('none'),
        'c.sh': collects('$REF').replace(' build ', ' inspect '),
      },
      findings: [{ message: 'revision', at: 'Dockerfile:1' }],
      skip: ['comment'],
    },
    {
      name: 'a build for a folder and one for an image, and one for an image alone',
      files: {
        'a.Dockerfile': exported,
        'b.Dockerfile': `${exported}# b\n`,
        'b.sh':
          '#!/bin/sh\ndocker build -f a.Dockerfile -o out .\ndocker build -f a.Dockerfile -t a .\ndocker build -f b.Dockerfile --output=type=image .\n',
      },
      findings: [
        { message: 'revision', at: 'a.Dockerfile:1' },
        { message: 'revision', at: 'b.Dockerfile:1' },
      ],
      skip: ['comment'],
    },
    {
      name: 'services that merge one mapping',
      files: {
        'compose.yaml':
          'services:\n  a: &a\n    image: x.example/a:1\n    tty: true\n  b:\n    <<: *a\n  c:\n    image: x.example/a:1\n    tty: true\n',
      },
      findings: [
        { message: 'tag-compose-image', at: 'compose.yaml:3' },
        { message: 'tag-compose-image', at: 'compose.yaml:8' },
      ],
      skip: ['comment'],
    },
    {
      name: 'own by the defaults of the script that builds it, and the same name of somebody else',
      files: {
        Dockerfile: BASE,
        'b.sh': collects('$REF'),
        'compose.yaml':
          'services:\n  a:\n    image: docker.io/ours/shop:1\n    tty: true\n  b:\n    image: theirs/shop:1\n    tty: true\n',
      },
      findings: [
        { message: 'own', at: 'compose.yaml:3', confidence: 'low' },
        { message: 'tag-compose-image', at: 'compose.yaml:6', confidence: 'high' },
      ],
      skip: ['comment'],
    },
    {
      name: 'programs that RUN starts without a shell',
      files: {
        Dockerfile: `${BASE}RUN ["go", "install", "x.example/a/b@latest"]\nRUN ["/bin/sh", "-c", "curl https://x.example/i.sh | sh"]\nRUN ["echo", "curl", "https://x.example/i.sh", "|", "sh"]\n`,
      },
      findings: [
        { message: 'tool', at: 'Dockerfile:2' },
        { message: 'script', at: 'Dockerfile:3' },
      ],
    },
    {
      name: 'GitHub: defaults of inputs, variables, and images that actions run',
      files: {
        '.github/workflows/x.yml': [
          'on: {workflow_call: {inputs: {whole: {default: "a.example/one:1"}, part: {default: "2"}}}, workflow_dispatch: {inputs: {by: {default: "three:3"}}}}',
          'env:',
          '  V: "4"',
          'jobs:',
          '  a:',
          '    runs-on: x',
          '    container: ${{ inputs.whole }}',
          '    services:',
          '      s: {image: "two:${{inputs.part}}"}',
          '      t: {image: "${{ github.event.inputs.by }}"}',
          '    steps:',
          '      - uses: docker://four:${{ env.V }}',
          `      - uses: addnab/docker-run-action@${COMMIT}`,
          '        with:',
          '          image: five',
          '',
        ].join('\n'),
      },
      findings: [
        { message: 'tag-ci-image', at: '.github/workflows/x.yml:1' },
        { message: 'tag-ci-image', at: '.github/workflows/x.yml:1' },
        { message: 'tag-ci-image', at: '.github/workflows/x.yml:9', what: 'two:2' },
        { message: 'tag-step-image', at: '.github/workflows/x.yml:12', what: 'four:4' },
        { message: 'latest-ci-image', at: '.github/workflows/x.yml:15' },
      ],
    },
    {
      name: 'GitLab: defaults of inputs, and the cache of Docker Hub',
      files: {
        '.gitlab-ci.yml':
          'spec:\n  inputs:\n    base:\n      default: ruby:3\n---\na:\n  image: $[[ inputs.base ]]\n  script: [x]\nb:\n  image: ${CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX}/alpine:latest\n  script: [x]\n',
      },
      findings: [
        { message: 'tag-ci-image', at: '.gitlab-ci.yml:4' },
        { message: 'latest-ci-image', at: '.gitlab-ci.yml:10', what: '`alpine:latest`' },
      ],
    },
    {
      name: 'Azure: parameters, variables and a matrix',
      files: {
        'azure-pipelines.yml':
          'parameters:\n  - name: base\n    default: node:20\nvariables:\n  - name: V\n    value: "3"\njobs:\n  - job: a\n    container: ${{ parameters.base }}\n    steps: [{script: x}]\n  - job: b\n    container: {image: "python:$(V)"}\n    steps: [{script: x}]\n  - job: c\n    container: $(OS)\n    strategy:\n      matrix:\n        one: {OS: "debian:12"}\n        two: {OS: "ubuntu"}\n    steps: [{script: x}]\n',
      },
      findings: [
        { message: 'tag-ci-image', at: 'azure-pipelines.yml:3' },
        { message: 'tag-ci-image', at: 'azure-pipelines.yml:12' },
        { message: 'tag-ci-image', at: 'azure-pipelines.yml:15' },
        { message: 'latest-ci-image', at: 'azure-pipelines.yml:15' },
      ],
    },
    {
      name: 'CircleCI: parameters of the pipeline and of executors, and orbs',
      files: {
        '.circleci/config.yml':
          'version: 2.1\nparameters:\n  base: {type: string, default: "x.example/go:1"}\norbs:\n  one: team/one@1.2\n  two: team/two@1.2.3\n  three: team/three@volatile\n  four: {jobs: {}}\nexecutors:\n  e:\n    parameters: {v: {type: string, default: "3"}}\n    docker: [{image: "python:<< parameters.v >>"}]\njobs:\n  a:\n    docker:\n      - image: << pipeline.parameters.base >>\n    steps: [checkout]\n',
      },
      findings: [
        { message: 'tag-ci-image', at: '.circleci/config.yml:3' },
        { message: 'include', at: '.circleci/config.yml:5' },
        { message: 'include', at: '.circleci/config.yml:7' },
        { message: 'tag-ci-image', at: '.circleci/config.yml:12' },
      ],
    },
    {
      name: 'Bitbucket: long names, pipes and commands',
      files: {
        'bitbucket-pipelines.yml':
          'pipelines:\n  default:\n    - step:\n        image:\n          name: python:3\n        script:\n          - docker run alpine\n          - pipe: team/upload:1.2\n            variables: {name: x}\n          - pipe: docker://team/other\n',
      },
      findings: [
        { message: 'tag-ci-image', at: 'bitbucket-pipelines.yml:5' },
        { message: 'latest-run-image', at: 'bitbucket-pipelines.yml:7' },
        { message: 'tag-ci-image', at: 'bitbucket-pipelines.yml:8' },
        { message: 'latest-ci-image', at: 'bitbucket-pipelines.yml:10' },
      ],
    },
    {
      name: 'Cloud Build: substitutions, and what its Docker runs',
      files: {
        'cloudbuild.yaml': `substitutions:\n  _ALL: x.example/tool:1\n  _V: "2"\nsteps:\n  - name: $_ALL\n  - name: x.example/other:\${_V}\n  - name: gcr.io/cloud-builders/docker@${DIGEST}\n    args: [run, alpine]\n  - name: gcr.io/cloud-builders/docker@${DIGEST}\n    args: [build, -t, ours, .]\n  - name: ours\n`,
      },
      findings: [
        { message: 'tag-ci-image', at: 'cloudbuild.yaml:2' },
        { message: 'tag-ci-image', at: 'cloudbuild.yaml:6' },
        { message: 'latest-run-image', at: 'cloudbuild.yaml:8' },
      ],
    },
    {
      name: 'Jenkins: agents, containers of pods and calls',
      files: {
        Jenkinsfile:
          "pipeline {\n  agent { docker 'one:1' }\n  stages {\n    stage('a') {\n      agent { docker { image 'two:2' } }\n    }\n    stage('b') {\n      agent { kubernetes { yaml '''\nspec:\n  containers:\n    - name: c\n      image: three:3\n''' } }\n      steps {\n        script { docker.image('four').inside { sh 'x' } }\n        containerTemplate(name: 'x', image: 'five:5')\n        other.image('six')\n        image('seven')\n      }\n    }\n  }\n}\n",
      },
      findings: [
        { message: 'tag-ci-image', at: 'Jenkinsfile:2' },
        { message: 'tag-ci-image', at: 'Jenkinsfile:5' },
        { message: 'tag-ci-image', at: 'Jenkinsfile:12' },
        { message: 'latest-ci-image', at: 'Jenkinsfile:15' },
        { message: 'tag-ci-image', at: 'Jenkinsfile:16' },
      ],
    },
    {
      name: 'a name that docker tag gives is another one',
      files: {
        'b.sh': '#!/bin/sh\ndocker tag ours x.example/a:here\ndocker run x.example/a:there\n$OTHER build -t ours a\n',
      },
      findings: [{ message: 'tag-run-image', at: 'b.sh:3' }],
    },
    {
      name: 'names that only look like those compose gives',
      files: {
        'compose.yaml':
          'services:\n  express:\n    build: a\n  web:\n    build: b\n    image: ours\n  x1:\n    image: mongo-express:1\n    tty: true\n  x2:\n    image: team/shop-express:1\n    tty: true\n  x3:\n    image: shop-web:1\n    tty: true\n  x4:\n    image: express:1\n    tty: true\n',
      },
      findings: [8, 11, 14, 17].map((line) => ({ message: 'tag-compose-image', at: `compose.yaml:${line}` })),
    },
    {
      name: 'values of a chart that skaffold leaves alone',
      files: {
        'skaffold.yaml':
          'apiVersion: skaffold/v4beta6\nkind: Config\nbuild: {artifacts: [{image: shop}]}\ndeploy: {helm: {releases: [{name: a, chartPath: chart, artifactOverrides: {other: shop}, setValueTemplates: {tag: "{{.RELEASE}}"}}]}}\n',
        'chart/Chart.yaml': 'apiVersion: v2\nname: chart\nversion: 1.0.0\n',
        'chart/values.yaml': 'image: a.example/x:1\n',
        'chart/templates/p.yaml': pod('"{{ .Values.image }}"'),
      },
      findings: [{ message: 'tag-k8s-image', at: 'chart/values.yaml:1' }],
      skip: ['comment'],
    },
    {
      name: 'an overlay for development',
      files: overlay('dev'),
      findings: [{ message: 'latest-k8s-image', at: 'env/dev/kustomization.yaml:3', confidence: 'low' }],
      skip: ['comment'],
    },
    {
      name: 'an overlay for production',
      files: overlay('live'),
      findings: [
        { message: 'latest-k8s-image', at: 'env/live/kustomization.yaml:3', fix: 'is the `digest` of the entry' },
      ],
      skip: ['comment'],
    },
    {
      name: 'an image of the base that development and production share',
      files: {
        'base/kustomization.yaml': 'resources: [p.yaml]\n',
        'base/p.yaml': pod('a.example/web:1'),
        'env/dev/kustomization.yaml': 'resources: [../../base]\n',
        'env/live/kustomization.yaml': 'resources: [../../base]\n',
      },
      findings: [{ message: 'tag-k8s-image', at: 'base/p.yaml:7', confidence: 'high' }],
      skip: ['comment'],
    },
    {
      name: 'compose: the version stands in .env, for two services',
      files: {
        'compose.yaml':
          'services:\n  a:\n    image: "shop/a:${TAG:?}"\n  b:\n    image: "shop/b:${TAG}"\n  c:\n    image: "${HUB}/c:1.2"\n',
        '.env': 'HUB=hub.example\nTAG=latest\n',
      },
      findings: [
        { message: 'latest-compose-image', at: '.env:2' },
        { message: 'tag-compose-image', at: 'compose.yaml:7' },
      ],
    },
    {
      name: 'one variable for several jobs, and for several commands of a script',
      files: {
        '.gitlab-ci.yml':
          'variables:\n  VERSION: "3.13"\nunit:\n  image: python:$VERSION\n  script: pytest\nlint:\n  image: python:$VERSION\n  script: ruff check\n',
        'deploy/run.sh':
          '#!/bin/sh\nIMAGE="${IMAGE:-registry.example/helm:3.14.4}"\ndocker run "$IMAGE" dependency build\ndocker run "$IMAGE" template\n',
      },
      findings: [
        { message: 'tag-ci-image', at: '.gitlab-ci.yml:4' },
        { message: 'tag-run-image', at: 'deploy/run.sh:2' },
      ],
    },
    ...images.map(([name, image, message]) => ({
      name: `FROM: ${name}`,
      files: { Dockerfile: `FROM ${image}\n` },
      findings: [{ message: `${message}-base-image`, at: 'Dockerfile:1' }],
    })),
    ...images.map(([name, image, message]) => ({
      name: `compose: ${name}`,
      files: { 'compose.yaml': `services:\n  a:\n    image: ${image}\n    tty: true\n` },
      findings: [{ message: `${message}-compose-image`, at: 'compose.yaml:3' }],
    })),
    ...images.map(([name, image, message]) => ({
      name: `Kubernetes: ${name}`,
      files: { 'k.yaml': pod(image) },
      findings: [{ message: `${message}-k8s-image`, at: 'k.yaml:7' }],
    })),
    ...images.map(([name, image, message]) => ({
      name: `CI: ${name}`,
      files: { '.gitlab-ci.yml': `a:\n  image: ${image}\n  script: [make]\n` },
      findings: [{ message: `${message}-ci-image`, at: '.gitlab-ci.yml:2' }],
    })),
    ...images.map(([name, image, message]) => ({
      name: `docker step: ${name}`,
      files: workflow(`uses: docker://${image}`),
      findings: [{ message: `${message}-step-image`, at: `.github/workflows/x.yml:${LINE}` }],
    })),
    ...unpinnedRuns.map(([name, message, run]) => ({
      name: `RUN: ${message}: ${name}`,
      files: { Dockerfile: `${BASE}RUN ${run}\n` },
      findings: [{ message, at: 'Dockerfile:2' }],
    })),
    ...unpinnedRuns.map(([name, message, run]) => ({
      name: `CI: ${message}: ${name}`,
      files: workflow(`run: |\n          ${run}`),
      findings: [{ message, at: `.github/workflows/x.yml:${LINE + 1}` }],
    })),
    {
      name: 'lower-case from with a platform',
      files: { Dockerfile: 'from --platform=$TARGETPLATFORM node:20 as x\n' },
      findings: [{ message: 'tag-base-image', at: 'Dockerfile:1' }],
    },
    {
      name: 'variable with a tag in two stages',
      files: { Dockerfile: 'ARG TAG=latest\nFROM a:${TAG}\nFROM b:$TAG\n' },
      findings: [
        { message: 'latest-base-image', at: 'Dockerfile:2', severity: 'low' },
        { message: 'latest-base-image', at: 'Dockerfile:3' },
      ],
      // Without the ARG the tag is unknown; without a FROM the other one stays.
    },
    {
      name: 'COPY --from an image',
      files: { Dockerfile: 'FROM scratch\nCOPY --from=busybox:latest /a /b\n' },
      findings: [{ message: 'latest-base-image', at: 'Dockerfile:2' }],
    },
    {
      name: 'RUN mounts an image',
      files: { Dockerfile: `${BASE}RUN --mount=type=bind,from=ghcr.io/x/uv:1,target=/uv true\n` },
      findings: [{ message: 'tag-base-image', at: 'Dockerfile:2' }],
    },
    {
      name: 'builder stage',
      files: { Dockerfile: `FROM golang:1.22 AS b\nFROM a@${DIGEST}\nCOPY --from=b /a /b\n` },
      findings: [{ message: 'tag-base-image', at: 'Dockerfile:1', severity: 'low' }],
    },
    {
      name: 'compose default tag',
      files: { 'compose.yaml': 'services:\n  a:\n    image: nginx:${TAG:-latest}\n    tty: true\n' },
      findings: [{ message: 'latest-compose-image', at: 'compose.yaml:3' }],
    },
    {
      name: 'download in one RUN, run in a later one',
      files: { Dockerfile: `${BASE}RUN curl -o /i.sh https://x.example/i.sh\nRUN sh /i.sh\n` },
      findings: [{ message: 'script', at: 'Dockerfile:3', severity: 'high' }],
    },
    {
      name: 'ADD of an address',
      files: { Dockerfile: `${BASE}ADD https://x.example/a.bin /a\n` },
      findings: [{ message: 'add', at: 'Dockerfile:2' }],
    },
    {
      name: 'ADD of a repository',
      files: { Dockerfile: `${BASE}ADD https://x.example/a/b.git#main /a\n` },
      findings: [{ message: 'clone', at: 'Dockerfile:2' }],
    },
    {
      name: 'no revision label',
      files: { Dockerfile: `${BASE}CMD ["x"]\n` },
      findings: [{ message: 'revision', at: 'Dockerfile:1', severity: 'low' }],
    },
    ...[
      ['a server without a command of its own', `FROM nginx@${DIGEST}\nCOPY site /usr/share/nginx/html\n`],
      ['a language with a server', `FROM php:8.3-apache@${DIGEST}\nCOPY src /var/www/html\n`],
      ['a port without a command', `${BASE}RUN make\nEXPOSE 8080\n`],
    ].map(([name, text]) => ({
      name: `no revision label on ${name}`,
      files: { Dockerfile: text! },
      findings: [{ message: 'revision', at: 'Dockerfile:1' }],
      skip: ['comment'] as const,
    })),
    {
      name: 'no revision label in copies of a Dockerfile, and in one beside them',
      files: {
        'Dockerfile.a': `${BASE}CMD ["x"]\n`,
        'ops/Dockerfile.a': `${BASE}CMD ["x"]\n`,
        'ops/Dockerfile.b': `${BASE}CMD ["y"]\n`,
      },
      findings: [
        { message: 'revision', at: 'Dockerfile.a:1' },
        { message: 'revision', at: 'ops/Dockerfile.b:1' },
      ],
      skip: ['comment'],
    },
    {
      name: 'a name that ends like a service of compose, in a manifest',
      files: {
        'compose.yaml': 'services:\n  api:\n    build: ./api\n',
        'k.yaml': pod('shop-api:1.2.0'),
      },
      findings: [{ message: 'tag-k8s-image', at: 'k.yaml:7', confidence: 'high', what: '`shop-api:1.2.0`' }],
    },
    {
      name: 'a constant revision label',
      files: { Dockerfile: `${BASE}LABEL org.opencontainers.image.revision=abc\nCMD ["x"]\n` },
      findings: [{ message: 'revision', at: 'Dockerfile:2' }],
      skip: ['comment'],
    },
    ...[
      ['v4', 'medium'],
      ['main', 'high'],
      ['8f4b7f8', 'high'],
      ['0000000000000000000000000000000000000000', 'high'],
    ].map(([ref, severity]) => ({
      name: `action at ${ref}`,
      files: workflow(`uses: some/action@${ref}`),
      findings: [{ message: 'action', at: `.github/workflows/x.yml:${LINE}`, severity: severity as 'high' }],
    })),
    {
      name: 'official action',
      files: workflow('uses: actions/checkout@v4'),
      findings: [{ message: 'action', at: `.github/workflows/x.yml:${LINE}`, severity: 'low' }],
    },
    {
      name: 'action without a ref',
      files: workflow('uses: some/action'),
      findings: [{ message: 'action', at: `.github/workflows/x.yml:${LINE}` }],
    },
    {
      name: 'reusable workflow at a branch',
      files: { '.github/workflows/x.yml': 'on: push\njobs:\n  a:\n    uses: o/r/.github/workflows/w.yml@main\n' },
      findings: [{ message: 'action', at: '.github/workflows/x.yml:4' }],
    },
    {
      name: 'composite action',
      files: {
        'action.yml':
          'name: x\nruns:\n  using: composite\n  steps:\n    - uses: a/b@v1\n    - run: curl https://x.example/i.sh | sh\n      shell: bash\n',
      },
      findings: [
        { message: 'action', at: 'action.yml:5' },
        { message: 'script', at: 'action.yml:6' },
      ],
    },
    {
      name: 'docker action',
      files: { 'x/action.yml': 'runs:\n  using: docker\n  image: docker://alpine:latest\n' },
      findings: [{ message: 'latest-ci-image', at: 'x/action.yml:3' }],
    },
    {
      name: 'container, service and matrix',
      files: {
        '.github/workflows/x.yml':
          'on: push\njobs:\n  a:\n    runs-on: x\n    container: node:20\n    services:\n      db:\n        image: postgres\n  b:\n    runs-on: x\n    strategy:\n      matrix:\n        image: ["a:1", "b"]\n    container:\n      image: ${{ matrix.image }}\n',
      },
      findings: [
        { message: 'tag-ci-image', at: '.github/workflows/x.yml:5' },
        { message: 'latest-ci-image', at: '.github/workflows/x.yml:8' },
        { message: 'tag-ci-image', at: '.github/workflows/x.yml:15' },
        { message: 'latest-ci-image', at: '.github/workflows/x.yml:15' },
      ],
    },
    {
      name: 'Azure',
      files: {
        'azure-pipelines.yml':
          'jobs:\n  - job: a\n    container: ubuntu\n    steps:\n      - script: curl https://x.example/i.sh | bash\n',
      },
      findings: [
        { message: 'latest-ci-image', at: 'azure-pipelines.yml:3' },
        { message: 'script', at: 'azure-pipelines.yml:5' },
      ],
    },
    {
      name: 'Azure with a declared container',
      files: {
        'azure-pipelines.yml':
          'resources:\n  containers:\n    - container: tools\n      image: debian:12\njobs:\n  - job: a\n    container: tools\n    steps:\n      - script: make\n',
      },
      findings: [{ message: 'tag-ci-image', at: 'azure-pipelines.yml:4' }],
      // Without the declaration the name is an image itself.
      skip: ['comment'],
    },
    {
      name: 'Bitbucket and CircleCI',
      files: {
        'bitbucket-pipelines.yml':
          'image:\n  name: node:20\n  username: x\npipelines:\n  default:\n    - step:\n        image: python\n        script:\n          - git clone https://x.example/a/b\n',
        '.circleci/config.yml':
          'jobs:\n  a:\n    docker:\n      - image: cimg/base:2024.01\n    steps:\n      - run: make\n',
      },
      findings: [
        { message: 'tag-ci-image', at: 'bitbucket-pipelines.yml:2' },
        { message: 'latest-ci-image', at: 'bitbucket-pipelines.yml:7' },
        { message: 'clone', at: 'bitbucket-pipelines.yml:9' },
        { message: 'tag-ci-image', at: '.circleci/config.yml:4' },
      ],
      // A step without its image line is another document.
      skip: ['comment'],
    },
    {
      name: 'images by variables of the whole pipeline',
      files: {
        '.gitlab-ci.yml':
          'variables:\n  V: "3.11"\na:\n  image: python:$V\n  script:\n    - docker run --rm scanner:${V} fs .\n',
      },
      findings: [
        { message: 'tag-ci-image', at: '.gitlab-ci.yml:4' },
        { message: 'tag-run-image', at: '.gitlab-ci.yml:6' },
      ],
    },
    {
      name: 'images that scripts and pipelines run',
      files: {
        'run.sh':
          '#!/bin/bash\nIMAGE="redis"\nsudo docker run "${MORE[@]}" -itd -e A=b -p 80:80 --restart always "$IMAGE"\n',
        Makefile: 'tools:\n\t@docker pull alpine:3\n',
        ...workflow('run: docker run --rm -v /a:/b scanner@sha256:1 fs .'),
      },
      findings: [
        { message: 'latest-run-image', at: 'run.sh:2' },
        { message: 'tag-run-image', at: 'Makefile:2' },
        { message: 'digest-run-image', at: `.github/workflows/x.yml:${LINE}` },
      ],
    },
    {
      name: 'programs that are fetched by name',
      files: {
        'a.sh':
          '#!/bin/sh\ngo install x.example/a/b@latest\nnpx -y tool\npnpm dlx other@next\nbunx third\ncurl -s https://x.example/i | sh\n',
      },
      findings: [
        { message: 'tool', at: 'a.sh:2' },
        { message: 'tool', at: 'a.sh:3' },
        { message: 'tool', at: 'a.sh:4' },
        { message: 'tool', at: 'a.sh:5' },
        { message: 'script', at: 'a.sh:6' },
      ],
    },
    {
      name: 'modules that move',
      files: {
        'main.tf':
          'module "a" {\n  source  = "org/vpc/aws"\n  version = "~> 5.0"\n}\nmodule "b" {\n  source = "github.com/a/b"\n}\nmodule "c" {\n  source = "git::https://x.example/a/b.git?ref=v1"\n}\n',
        'unit/terragrunt.hcl': 'terraform {\n  source = "git@x.example:a/b.git//m?ref=main"\n}\n',
      },
      findings: [
        { message: 'module', at: 'main.tf:2' },
        { message: 'module', at: 'main.tf:6' },
        { message: 'module', at: 'main.tf:9' },
        { message: 'module', at: 'unit/terragrunt.hcl:2' },
      ],
    },
    {
      name: 'matrix of GitLab',
      files: {
        '.gitlab-ci.yml':
          'a:\n  image: python:$V\n  parallel:\n    matrix:\n      - V: ["3.11", "3.12"]\n  script: [make]\n',
      },
      findings: [
        { message: 'tag-ci-image', at: '.gitlab-ci.yml:2' },
        { message: 'tag-ci-image', at: '.gitlab-ci.yml:2' },
      ],
    },
    {
      name: 'variables of two blocks and of an included file',
      files: {
        '.gitlab-ci.yml':
          'include: more.yml\nvariables:\n  V: "3.11"\na:\n  image: python:$V\n  script: [make]\nvariables:\n  W: "20"\nb:\n  image: node:${W}\n  script: [make]\nc:\n  image: $X\n  script: [make]\n',
        'more.yml': 'variables:\n  Y: debian\n  X: ${Y}:12\n.hidden:\n  stage: test\n  script: [make]\n',
      },
      findings: [
        { message: 'tag-ci-image', at: '.gitlab-ci.yml:5' },
        { message: 'tag-ci-image', at: '.gitlab-ci.yml:10' },
        { message: 'tag-ci-image', at: 'more.yml:3' },
      ],
    },
    {
      name: 'tasks of Nomad: a variable for two, a digest that is none',
      files: {
        'web.nomad':
          'variable "image" {\n  default = "nginx"\n}\njob "web" {\n  task "a" {\n    driver = "docker"\n    config { image = var.image }\n  }\n  task "b" {\n    driver = "docker"\n    config { image = var.image }\n  }\n  task "c" {\n    driver = "podman"\n    config { image = "redis@v7" }\n  }\n  task "d" {\n    driver = "docker"\n    config { image = "redis:7" }\n  }\n}\n',
      },
      findings: [
        { message: 'latest-deploy-image', at: 'web.nomad:2', what: 'image of task a' },
        { message: 'digest-deploy-image', at: 'web.nomad:15' },
        { message: 'tag-deploy-image', at: 'web.nomad:19' },
      ],
    },
    {
      name: 'a variable of a script, used twice',
      files: {
        'run.sh':
          'IMAGE=${1:-redis:7}\nNEXT=$IMAGE\ndocker pull "$NEXT"\ndocker run -d "${NEXT}"\ndocker run -d nats:2\n',
      },
      findings: [
        { message: 'tag-run-image', at: 'run.sh:1' },
        { message: 'tag-run-image', at: 'run.sh:5' },
      ],
    },
    {
      name: 'an ARG that is the whole base of two stages',
      files: { Dockerfile: 'ARG BASE=node:20\nFROM $BASE AS a\nFROM ${BASE}\nCOPY --from=a /a /b\n' },
      findings: [{ message: 'tag-base-image', at: 'Dockerfile:1' }],
    },
    {
      name: 'a Dockerfile that builds upon the image of its name',
      files: {
        'Dockerfile.redis': `FROM redis@${DIGEST}\n`,
        'compose.yaml': 'services:\n  a:\n    image: redis\n    tty: true\n',
      },
      findings: [{ message: 'latest-compose-image', at: 'compose.yaml:3' }],
    },
    {
      name: 'published images, one finding for each set of manifests',
      files: {
        ...workflow(
          `uses: docker/metadata-action@${COMMIT}\n        id: meta\n        with:\n          images: |\n            name=ghcr.io/\${{ github.repository_owner }}/shop`,
          `uses: docker/build-push-action@${COMMIT}\n        with:\n          tags: \${{ steps.meta.outputs.tags }}`,
        ),
        'k/one.yaml': pod('ghcr.io/team/shop:1.2.3'),
        'k/two.yaml': pod('ghcr.io/team/shop:1.2.3'),
        'k/more/three.yaml': pod('ghcr.io/team/shop:1.2.4'),
        'k/more/four.yaml': pod('ghcr.io/team/shop:latest'),
        'k/more/five.yaml': pod('docker.io/other/shop:1'),
        'compose.yaml': 'services:\n  a:\n    image: ghcr.io/team/shop:1.2.3\n    tty: true\n',
      },
      findings: [
        { message: 'own', at: 'k/one.yaml:7', confidence: 'low' },
        { message: 'own', at: 'k/more/three.yaml:7', confidence: 'low' },
        { message: 'own', at: 'compose.yaml:3', confidence: 'low' },
        { message: 'latest-k8s-image', at: 'k/more/four.yaml:7' },
        { message: 'tag-k8s-image', at: 'k/more/five.yaml:7' },
      ],
      skip: ['comment'],
    },
    {
      name: 'bases that the repository builds for others, by folders that begin with the namespace',
      files: Object.fromEntries(
        ['team-cart', 'team-shop', 'team-low'].map((name, i) => [
          `${name}/Dockerfile`,
          `FROM docker.io/team/low:1.2\nCOPY --from=team/cart:1 /a /a\nCOPY --from=team/${i ? 'shop' : 'else'}:1 /a /a\n`,
        ]),
      ),
      findings: [
        { message: 'own', at: 'team-cart/Dockerfile:1', confidence: 'low' },
        { message: 'tag-base-image', at: 'team-cart/Dockerfile:3' },
      ],
      skip: ['comment'],
    },
    {
      name: 'overlays that name the same tag, each for itself',
      files: {
        'base/kustomization.yaml': 'resources: [p.yaml]\n',
        'base/p.yaml': pod('nginx'),
        ...Object.fromEntries(
          ['one', 'two'].map((name) => [
            `${name}/kustomization.yaml`,
            `resources: [../base]\nimages:\n  - name: nginx\n    newTag: "1.2"\nnamespace: ${name}\n`,
          ]),
        ),
      },
      findings: ['one', 'two'].map((name) => ({ message: 'tag-k8s-image', at: `${name}/kustomization.yaml:3` })),
      skip: ['comment'],
    },
    {
      name: 'a manifest that was copied, and other objects with the same image',
      files: {
        'a/p.yaml': pod('nginx:1'),
        'b/p.yaml': `${pod('nginx:1')}      tty: true\n`,
        'b/q.yaml': pod('nginx:1').replace('name: p', 'name: q'),
        'b/r.yaml': pod('nginx:2'),
        'b/variant.yaml': `${pod('nginx:1')}      stdin: true\n`,
        'b/s.yaml': pod('nginx:1').replace('name: p', 'generateName: p'),
        'b/t.yaml': pod('nginx:1').replace('name: p', 'generateName: t'),
        'c/u.yaml': `${pod('redis:1')}---\n${pod('redis:1')}`,
        'd/u.yaml': `# Twice as well.\n${pod('redis:1')}---\n${pod('redis:1')}`,
      },
      findings: [
        ...['a/p.yaml:7', 'b/q.yaml:7', 'b/r.yaml:7', 'b/s.yaml:7', 'b/t.yaml:7', 'b/variant.yaml:7'],
        ...['c/u.yaml:7', 'c/u.yaml:15'],
      ].map((at) => ({ message: 'tag-k8s-image', at })),
      skip: ['comment'],
    },
    {
      name: 'a namespace of Dockerfiles of the repository, and one that others fill as well',
      files: {
        ...Object.fromEntries(['cart', 'shop', 'mail'].map((name) => [`src/${name}/Dockerfile`, BASE])),
        'compose.yaml': `services:\n${[
          'a.example/t/cart:1',
          'a.example/t/shop:1',
          'a.example/t/mail:1',
          'a.example/u/cart:1',
          'a.example/u/shop:1',
          'a.example/u/mail:1',
          'a.example/u/else:1',
          'a.example/u/more:1',
          'a.example/u/most:1',
          'a.example/v/v-x:1',
          'a.example/v/cart:1',
          'a.example/v/shop:1',
          'a.example/v/mail:1',
        ]
          .map((image, i) => `  s${i}:\n    image: ${image}\n    tty: true\n`)
          .join('')}`,
      },
      findings: [
        { message: 'own', at: 'compose.yaml:3', confidence: 'low' },
        ...[12, 15, 18, 21, 24, 27, 30].map((line) => ({ message: 'tag-compose-image', at: `compose.yaml:${line}` })),
        { message: 'own', at: 'compose.yaml:33', confidence: 'low' },
      ],
      skip: ['comment'],
    },
    {
      name: 'programs that are fetched and installed',
      files: {
        'a.sh':
          '#!/bin/sh\ncurl -Lo kind https://x.example/v0.14.0/kind\nchmod +x ./kind\ncurl -sLO "https://x.example/$(curl -s https://x.example/stable)/kubectl"\nsudo install -m 0755 kubectl /usr/local/bin/kubectl\nwget https://x.example/t.tgz\ntar xzf t.tgz\nsudo mv t/bin/t /usr/local/bin/\ncurl -sL https://x.example/u.tgz | tar xz -C /usr/local/bin u\nwget -O x.deb https://x.example/x.deb\nsudo dpkg -i x.deb\ncurl -o run https://x.example/run\nchmod 755 run\n./run\n',
      },
      findings: [
        { message: 'binary', at: 'a.sh:2', severity: 'low' },
        { message: 'binary', at: 'a.sh:4' },
        { message: 'binary', at: 'a.sh:6' },
        { message: 'binary', at: 'a.sh:9' },
        { message: 'binary', at: 'a.sh:10' },
        { message: 'script', at: 'a.sh:14' },
      ],
      skip: ['comment'],
    },
    {
      name: 'Cloud Build',
      files: {
        'ops/cloudbuild.yaml':
          "steps:\n  - name: gcr.io/cloud-builders/docker\n    args: [build, .]\n  - id: deploy\n    name: 'gcr.io/tools/deploy:v1'\n    entrypoint: bash\n    args:\n      - -c\n      - |\n        curl https://x.example/i.sh | sh\n  - name: $_IMAGE\n",
      },
      findings: [
        { message: 'latest-ci-image', at: 'ops/cloudbuild.yaml:2' },
        { message: 'tag-ci-image', at: 'ops/cloudbuild.yaml:5' },
        { message: 'script', at: 'ops/cloudbuild.yaml:10' },
      ],
      skip: ['comment'],
    },
    {
      name: 'an image that a chart names several times',
      files: {
        'chart/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\nappVersion: v3\n',
        'chart/values.yaml': 'image: team/shop\nother: redis:8\n',
        'chart/templates/a.yaml': pod('"{{ .Values.image }}:{{ .Chart.AppVersion }}"').replace('name: p', 'name: q'),
        'chart/templates/b.yaml': pod('"{{ .Values.image }}:{{ .Chart.AppVersion }}"'),
        'chart/templates/c.yaml': pod('"{{ .Values.other }}"'),
      },
      findings: [
        { message: 'tag-k8s-image', at: 'chart/templates/a.yaml:7' },
        { message: 'tag-k8s-image', at: 'chart/values.yaml:2' },
      ],
      skip: ['comment'],
    },
    {
      name: 'packages that manifests take from repositories',
      files: {
        'requirements.txt': `a==1\n-e git+https://x.example/a/b.git#egg=b\nc @ git+https://x.example/a/c@main ; python_version > "3"\nd @ git+https://x.example/a/d@${COMMIT}\n`,
        'package.json': `{"dependencies": {\n"a": "github:x/a",\n"b": "git+https://x.example/b.git#${COMMIT}",\n"c": "1.0.0"\n}}\n`,
        'locked/package.json': '{"dependencies": {"a": "github:x/a"}}\n',
        'locked/yarn.lock': '# yarn lockfile v1\n',
      },
      findings: [
        { message: 'package', at: 'requirements.txt:2' },
        { message: 'package', at: 'requirements.txt:3' },
        { message: 'package', at: 'package.json:2' },
      ],
      skip: ['comment'],
    },
    {
      name: 'image by a condition',
      files: {
        '.github/workflows/x.yml':
          "on: push\njobs:\n  a:\n    runs-on: x\n    services:\n      r:\n        image: ${{ inputs.redis == 'true' && 'redis:7' || '' }}\n",
      },
      findings: [{ message: 'tag-ci-image', at: '.github/workflows/x.yml:7' }],
    },
    {
      name: 'remote includes',
      files: {
        '.gitlab-ci.yml':
          'include:\n  - project: g/p\n    ref: main\n    file: x.yml\n  - remote: https://x.example/y.yml\n  - component: gitlab.example.org/a/b@1.0\na:\n  script: [make]\n',
      },
      findings: [
        { message: 'include', at: '.gitlab-ci.yml:2' },
        { message: 'include', at: '.gitlab-ci.yml:5' },
        { message: 'include', at: '.gitlab-ci.yml:6' },
      ],
    },
  ],
  notApplicable: [
    {
      name: 'manifests that a script shows, documents or makes a template of',
      files: {
        'help.sh': `#!/bin/sh\ncat <<EOF\n${pod('a:1')}EOF\ncat > README.md <<EOF\n${pod('a:1')}EOF\ncat > pod.example.yaml <<EOF\n${pod('a:1')}EOF\ncat > image.yaml <<EOF\nkind: x\nimage: a:1\nEOF\n`,
      },
    },
    { name: 'a pack of skills', files: { '.agents/skills/x/a.sh': '#!/bin/sh\ngit clone https://x.example/a/b\n' } },
    { name: 'nothing', files: { 'a.txt': 'x' } },
    { name: 'workflow with plain commands', files: workflow('run: make') },
    { name: 'compose that only builds', files: { 'compose.yaml': 'services:\n  a:\n    build: .\n' } },
    { name: 'local includes', files: { '.gitlab-ci.yml': 'include: x.yml\na:\n  script: [make]\n' } },
  ],
  unknown: [
    {
      name: 'what only the run of a script gives',
      files: {
        'deploy.sh': `#!/bin/sh\nT=$(git describe)\nkubectl apply -f - <<EOF\n${pod('a:$T')}EOF\nenvsubst <<'EOF' | kubectl apply -f -\n${pod('b:$T')}EOF\n`,
      },
    },
    {
      name: 'images that pipelines learn from a job, a setting or their caller',
      files: {
        '.github/workflows/x.yml':
          'on: {workflow_call: {inputs: {a: {type: string}}}}\njobs:\n  a:\n    runs-on: x\n    steps: [{run: "true"}]\n  b:\n    needs: a\n    runs-on: x\n    container: ${{ needs.a.outputs.image }}\n    services:\n      s: {image: "${{ vars.IMAGE }}"}\n      t: {image: "${{ inputs.a }}"}\n    steps: [{run: "true"}]\n',
        'cloudbuild.yaml': 'steps:\n  - name: ${_NONE}\n',
        '.circleci/config.yml':
          'version: 2.1\njobs:\n  a:\n    parameters: {v: {type: string}}\n    docker: [{image: "node:<< parameters.v >>"}]\n    steps: [checkout]\n',
      },
    },
    { name: 'ARG without a default', files: { Dockerfile: 'ARG BASE\nFROM $BASE\n' } },
    { name: 'required variable in compose', files: { 'compose.yaml': 'services:\n  a:\n    image: ${IMAGE:?}\n' } },
    { name: 'placeholder in a manifest', files: { 'k.yaml': pod('"${IMAGE}"') } },
    {
      name: 'an address to be filled in',
      files: { 'a.sh': '#!/bin/sh\ngit clone https://x.example/your-org/shop.git\n' },
    },
    { name: 'placeholder for a tag', files: { 'k.yaml': pod('shop:sha256-REPLACE_WITH_SHA') } },
    {
      name: 'commit in a variable without a value',
      files: { Dockerfile: `${BASE}ARG REV\nRUN git clone https://x.example/a/b && cd b && git checkout $REV\n` },
    },
  ],
});
