import { externalSecrets } from '../../src/checks/external-secrets.ts';
import { testCheck } from '../check-tester.ts';

const REAL = 'kestrel-Quarry-41';
const B64 = Buffer.from(REAL).toString('base64');
const secret = (body: string) => `apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n${body}`;
const pod = (env: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  containers:\n    - name: a\n      env:\n        - ${env}\n`;
const config = (data: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  ${data}\n`;
const compose = (line: string) => `services:\n  a:\n    image: x\n    environment:\n      ${line}\n`;
const chart = (values: string, template: string) => ({
  'c/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
  'c/values.yaml': values,
  'c/templates/s.yaml': template,
});
const SECRET_TEMPLATE =
  'apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\ndata:\n  password: {{ .Values.auth.password | b64enc | quote }}\n';
const umbrella = (condition: string, values: string) => ({
  'c/Chart.yaml': `apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n  - name: postgresql\n    version: 1.0.0\n    repository: https://charts.example.org\n${condition}`,
  'c/values.yaml': values,
});
const HEX = '4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318';
const TOKEN = `ghp_${'Ab3dE5gH7j'.repeat(4)}`;
const KEY = '-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n';

const BYTES = 'q8Zr1Lk0Vt5Nw2Xb7Ym4Hc9Jd3Gf6Ps1Aa0Bb2Cc4Dd=';
const reader = (line: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  containers:\n    - name: a\n      ${line}\n`;

testCheck(externalSecrets, {
  valid: [
    {
      name: 'compose: a file that it makes with a variable',
      files: {
        'compose.yaml':
          'services:\n  a:\n    image: x\n    environment: [DB_PASSWORD]\nconfigs:\n  app:\n    content: |\n      password = ${DB_PASSWORD}\n',
      },
    },
    {
      name: 'name that stands for a value',
      files: { 'a.yaml': pod('{name: SHOP_API_KEY, value: SHOP_API_KEY_VAL}') },
    },
    ...['ExternalSecret', 'SealedSecret', 'SecretProviderClass', 'VaultStaticSecret'].map((kind) => ({
      name: kind,
      files: {
        'a.yaml': `apiVersion: example.org/v1\nkind: ${kind}\nmetadata: {name: x}\nspec: {encryptedData: {password: AgBy3i4OJSWK+PiTySYZZA9rO43cGDEq}, data: [{secretKey: password}]}\n`,
      },
      subjects: 1,
    })),
    {
      name: 'SOPS',
      files: {
        'a.yaml': secret(`stringData:\n  password: ENC[AES256_GCM,data:abc1234567]\nsops:\n  version: 3.8.1\n`),
      },
    },
    { name: 'empty Secret', files: { 'a.yaml': secret('type: Opaque\n') } },
    { name: 'service-account token', files: { 'a.yaml': secret('type: kubernetes.io/service-account-token\n') } },
    {
      name: 'placeholders in a Secret',
      files: {
        'a.yaml': secret(
          'stringData:\n  password: <your-password>\n  token: YOUR_TOKEN\n  key: "${KEY}"\n  url: redis://:REPLACE_ME_X@db:1/0\n  other: https://hooks.example.org/services/YOUR/HOOK\n',
        ),
      },
    },
    {
      name: 'compose: a file on the command line, and how long something is valid',
      files: {
        'compose.yaml':
          'services:\n  a:\n    image: x\n    command: chain --unlock 0 --password "/dev/null"\n    environment:\n      PASSWORD_RESET_EXPIRES_IN: ${RESET_IN:-45m}\n      DB_PASSWORD: ${P:?}\n',
      },
    },
    {
      name: 'words that name keys, and keys that others give out',
      files: {
        'compose.yaml': compose(
          '{S3_KEY: my-object, KEY: shop-cache-key, PARTITION_KEY: user-secret, API_KEY: shop-secret-key, STRIPE_SECRET_KEY: stripe-secret, MESSAGE_KEY: secret-title, SIGNING_KEY: current, TLS_SECRET: shop-secret-tls}',
        ),
      },
    },
    {
      name: 'a Secret with something else that must be filled in before anything works',
      files: {
        'a.yaml': `${secret('stringData:\n  DB_HOST: your-database-host\n  DB_PASSWORD: change-me\n')}---\n${reader('envFrom: [{secretRef: {name: db}}]')}`,
      },
    },
    {
      name: 'a Secret that asks to be changed, and nothing reads it',
      files: {
        'a.yaml': secret('stringData:\n  password: change-me-in-production\n'),
        'b.yaml': reader('envFrom: [{secretRef: {name: other}}]'),
        'c.yaml': reader('envFrom: [{secretRef: {name: db}}]').replace('name: p', 'name: p\n  namespace: shop'),
      },
    },
    {
      name: 'placeholders that cannot work in a Secret that a pod reads',
      files: {
        'a.yaml': `${secret('data:\n  root-password: CHANGE_ME\n  other-password: ""\nstringData:\n  password: <change-me>\n  user-password: ${CHANGE_ME}\n  stripe-secret-key: change-me\n  api-token: REPLACE_ME\n')}---\n${reader('envFrom: [{secretRef: {name: db}}]')}`,
      },
    },
    {
      name: 'compose: the name of a secret in a file',
      files: {
        'compose.yaml':
          'services:\n  a:\n    image: x\n    environment:\n      SESSION_SECRET: web-secret\n      DB_PASSWORD: ${P:?}\n    secrets: [web-secret]\nsecrets:\n  web-secret:\n    external: true\n',
      },
    },
    {
      name: 'an address and a type in a Secret',
      files: {
        'a.yaml': secret('stringData:\n  type: git\n  url: https://git.example.org/a/b.git\n  enabled: "true"\n'),
      },
    },
    {
      name: 'secretKeyRef',
      files: { 'a.yaml': pod('{name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}') },
    },
    { name: 'reference to another variable', files: { 'a.yaml': pod('{name: DB_PASSWORD, value: $(OTHER)}') } },
    { name: 'a name of a key', files: { 'a.yaml': pod('{name: API_TOKEN, value: postgres-token}') } },
    { name: 'compose from the environment', files: { 'compose.yaml': compose('DB_PASSWORD: ${DB_PASSWORD}') } },
    { name: 'compose, required', files: { 'compose.yaml': compose('DB_PASSWORD: ${DB_PASSWORD:?set it}') } },
    { name: 'compose, passed through', files: { 'compose.yaml': compose('- DB_PASSWORD') } },
    {
      name: 'compose, a key that only a local store takes',
      files: { 'compose.yaml': compose('{AWS_SECRET_ACCESS_KEY: test-key-1, DB_PASSWORD: "${P:?}"}') },
    },
    { name: 'compose, empty default', files: { 'compose.yaml': compose('DB_PASSWORD: ${DB_PASSWORD:-}') } },
    {
      name: 'a value that no template reads',
      files: {
        ...chart(`auth: {password: ""}\ngrafana:\n  adminPassword: ${REAL}\n`, SECRET_TEMPLATE),
      },
    },
    {
      name: 'a value of a sub-chart that nothing reads',
      files: {
        ...chart('auth: {password: ""}\n', SECRET_TEMPLATE),
        'c/charts/d/Chart.yaml': 'apiVersion: v2\nname: d\nversion: 1.0.0\n',
        'c/charts/d/values.yaml': `port: 80\nadminPassword: ${REAL}\n`,
        'c/charts/d/templates/c.yaml':
          'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}\ndata: {p: "{{ .Values.port }}"}\n',
      },
    },
    {
      name: 'a value of a dependency that is switched off',
      files: umbrella(
        '    condition: postgresql.enabled\n',
        `postgresql:\n  enabled: false\n  auth:\n    password: ${REAL}\n`,
      ),
    },
    {
      name: 'values that test the chart',
      files: {
        ...chart('auth: {password: ""}\n', SECRET_TEMPLATE),
        'c/ci/full-values.yaml': `auth:\n  password: ${REAL}\n`,
      },
    },
    {
      name: 'a key of another service that somebody must fill in',
      files: chart(
        'auth: {password: ""}\nmailApiKey: change-me\n',
        `${SECRET_TEMPLATE}  k: {{ .Values.mailApiKey }}\n`,
      ),
    },
    {
      name: 'placeholders in brackets, and keys that pages carry',
      files: {
        '.env':
          'CLIENT_SECRET=[client-secret]\nAPP_PRIVATE_KEY=[APP_PRIVATE_KEY]\nDB_PASSWORD=\nVITE_MAPS_API_KEY=b7c1d20e94\nNX_REACT_APP_METRICS_API_KEY=P5sO0VHJJlCrBz9b\n',
      },
    },
    {
      name: 'passwords of developers',
      files: {
        '.devcontainer/docker-compose.yml': compose('POSTGRES_PASSWORD: postgres'),
        'dev/compose.yaml': compose('POSTGRES_PASSWORD: postgres'),
        'docker-compose.local.yml': compose('POSTGRES_PASSWORD: postgres'),
        '.env.development': 'DB_PASSWORD=postgres\n',
      },
    },
    {
      name: 'Terraform that names no secret',
      files: {
        'main.tf': `variable "db_password" {\n  type = string\n  default = ""\n}\nresource "aws_db_instance" "a" {\n  password = var.db_password\n  master_password_wo_version = 1\n}\nresource "aws_api_gateway_rest_api" "b" {\n  api_key_source = "AUTHORIZER"\n}\nprovider "google" {\n  credentials = "./account.json"\n}\nprovider "aws" {\n  secret_key = "wJalrXUtnFEMIbPxRfiCYEXAMPLEKEY"\n}\ndata "x" "y" {\n  password = "${REAL}"\n}\n`,
        'a.yaml': secret('type: Opaque\n'),
      },
    },
    { name: 'empty chart value', files: chart('auth: {password: ""}\n', SECRET_TEMPLATE) },
    {
      name: 'identifiers of clients',
      files: {
        'kustomization.yaml':
          'secretGenerator:\n  - name: s\n    literals:\n      - client-id=shop-portal-7\n      - OIDC_CLIENT_ID=portal7\n      - clientId=portal7\n',
        'a.yaml': secret('stringData:\n  clientid: shop-portal-7\n  oidc.clientId: shop-portal-8\n'),
        'deploy/a.sh':
          '#!/bin/sh\nkubectl create secret generic a --from-literal=client-id=shop-portal-7 --from-literal=username=portal\n',
      },
    },
    {
      name: 'names of the entries of Secrets in chart values',
      files: chart(
        'auth: {password: ""}\nstore:\n  secretKeys: {password: pw-of-store}\n  keys: {password: db-password}\n  passwordSecretKeyRef: {password: first}\n  existingSecretOfStore: {password: first}\nqueue: {rootPassword: QUEUE_ROOT_PASSWORD}\n',
        `${SECRET_TEMPLATE}  {{- if or .Values.store .Values.queue }}{{ end }}\n`,
      ),
    },
    {
      name: 'a chart value that nobody reads, where helpers get all values by name',
      files: chart(
        `auth: {password: ""}\ndb: {password: ${REAL}}\n`,
        `{{- define "c.db.name" }}{{ .Values.name }}{{ end }}\n${SECRET_TEMPLATE}  a: {{ include "c.db.name" (dict "Values" .Values "x" 1) }}\n{{- $_ := set .Values "made" "x" }}\n`,
      ),
    },
    {
      name: 'a value that nobody reads in a file for tests of the chart',
      files: {
        ...chart('auth: {password: ""}\n', SECRET_TEMPLATE),
        'c/ci/values-db.yaml': `auth:\n  rootPassword: ${REAL}\n`,
      },
    },
    {
      name: 'generator of a placeholder',
      files: { 'kustomization.yaml': 'secretGenerator:\n  - name: s\n    literals:\n      - password=REPLACE_ME\n' },
    },
    { name: '.env with references', files: { '.env': 'DB_PASSWORD=\nAPI_KEY=${API_KEY}\nPORT=80\n' } },
    {
      name: 'encrypted key',
      files: { 'tls.key': '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n' },
    },
  ],
  invalid: [
    {
      name: 'compose: a file that it makes of a text',
      files: {
        'compose.yaml':
          'services:\n  a:\n    image: x\nconfigs:\n  app:\n    content: |\n      [db]\n      password = hT7k2pQ9sLm4\n',
      },
      findings: [{ message: 'compose', at: 'compose.yaml:8', what: 'the config app' }],
    },
    {
      name: 'compose: only the service says that a value of .env is a password',
      files: { 'compose.yaml': compose('POSTGRES_PASSWORD: "${DB_ENTRY}"'), '.env': 'DB_ENTRY=hT7k2pQ9sLm4\n' },
      findings: [{ message: 'file', at: '.env:1' }],
    },
    {
      name: 'compose: what .env says by itself is told once',
      files: {
        'compose.yaml': compose('DATABASE_URL: "${URL}"'),
        '.env': 'DB_PASSWORD=hT7k2pQ9sLm4\nURL=postgres://shop:${DB_PASSWORD}@db/shop\n',
      },
      findings: [{ message: 'file', at: '.env:1' }],
    },
    {
      name: 'root token of Vault in its development mode',
      files: { 'compose.yaml': compose('VAULT_DEV_ROOT_TOKEN_ID: root') },
      findings: [{ message: 'compose', at: 'compose.yaml:5' }],
    },
    {
      name: 'a password that asks to be changed and works',
      files: chart('auth:\n  password: "change-me-in-production"\n', SECRET_TEMPLATE),
      findings: [{ message: 'placeholder', at: 'c/values.yaml:2', severity: 'medium' }],
    },
    {
      name: 'values of a dependency that some environment switches on',
      files: {
        ...umbrella(
          '    condition: postgresql.enabled\n',
          `postgresql:\n  enabled: false\n  auth:\n    password: ${REAL}\n`,
        ),
        'c/values-live.yaml': 'postgresql:\n  enabled: true\n',
      },
      findings: [{ message: 'values', at: 'c/values.yaml:4' }],
    },
    {
      name: 'values that a missing library may read',
      files: {
        ...umbrella('', `postgresql: {}\nauth:\n  password: ${REAL}\n`),
        'c/templates/all.yaml': '{{ include "common.all" . }}\n',
      },
      findings: [{ message: 'values', at: 'c/values.yaml:3' }],
      skip: ['comment'],
    },
    {
      name: 'an unread value whose form says what it is',
      files: chart(`auth: {password: ""}\nother:\n  note: AKIA${'Q7'.repeat(6)}WXYZ\n`, SECRET_TEMPLATE),
      findings: [{ message: 'values', at: 'c/values.yaml:3' }],
    },
    {
      name: 'a value of something that is switched off, to review',
      files: chart(
        `auth: {enabled: false, password: ${REAL}}\n`,
        `{{ if .Values.auth.enabled }}\n${SECRET_TEMPLATE}{{ end }}\n`,
      ),
      findings: [{ message: 'values', at: 'c/values.yaml:1', confidence: 'low' }],
    },
    {
      name: 'the same where another file switches it on',
      files: {
        ...chart(
          `auth: {enabled: false, password: ${REAL}}\n`,
          `{{ if .Values.auth.enabled }}\n${SECRET_TEMPLATE}{{ end }}\n`,
        ),
        'c/values-live.yaml': 'auth: {enabled: true}\n',
      },
      findings: [{ message: 'values', at: 'c/values.yaml:1', confidence: 'high' }],
    },
    {
      name: 'a value that is read in a file for CI',
      files: {
        ...chart('auth: {password: ""}\n', SECRET_TEMPLATE),
        'c/ci/values-db.yaml': `auth:\n  password: ${REAL}\n`,
      },
      findings: [{ message: 'values', at: 'c/ci/values-db.yaml:2', confidence: 'low' }],
    },
    {
      name: 'beside the identifier of a client',
      files: {
        'kustomization.yaml':
          'secretGenerator:\n  - name: s\n    literals:\n      - client-id=portal7\n      - client-secret=hT7k2pQ9sLm4\n      - client-id-salt=hT7k2pQ9sLm5\n',
      },
      findings: [
        { message: 'generator', at: 'kustomization.yaml:5' },
        { message: 'generator', at: 'kustomization.yaml:6' },
      ],
    },
    {
      name: 'chart values that only look like names of entries',
      files: chart(
        `auth: {password: PASSWORD}\nstore:\n  keys:\n    password: quarry\n  secretKeys:\n    password: ${REAL}+\nqueue:\n  password: QUEUE_HORSE_7\n`,
        `${SECRET_TEMPLATE}  {{- if or .Values.store .Values.queue }}{{ end }}\n`,
      ),
      findings: [
        { message: 'values', at: 'c/values.yaml:1' },
        { message: 'values', at: 'c/values.yaml:4' },
        { message: 'values', at: 'c/values.yaml:6' },
        { message: 'values', at: 'c/values.yaml:8' },
      ],
    },
    {
      name: 'chart values that a helper reads of what it was given',
      files: chart(
        `auth: {password: ""}\ndb:\n  password: ${REAL}\nmq:\n  password: ${REAL}-2\n`,
        `{{- define "c.a" }}{{ .Values.db.password }}{{ end }}\n{{- define "c.b" }}{{ .all.mq.password }}{{ end }}\n${SECRET_TEMPLATE}  a: {{ include "c.a" (dict "Values" .Values) }}\n  b: {{ include "c.b" (dict "all" .Values) }}\n`,
      ),
      findings: [
        { message: 'values', at: 'c/values.yaml:3' },
        { message: 'values', at: 'c/values.yaml:5' },
      ],
    },
    {
      name: 'chart values that are read as a whole after one was set',
      files: chart(
        `auth: {password: ""}\ndb:\n  password: ${REAL}\n`,
        `${SECRET_TEMPLATE}{{- $all := set .Values "made" "x" }}\n{{- with $all.db }}{{ end }}\n`,
      ),
      findings: [{ message: 'values', at: 'c/values.yaml:3' }],
    },
    {
      name: 'containers and Secrets that scripts make',
      files: {
        'deploy/start.sh': `#!/bin/sh\ndocker run -d -e POSTGRES_USER=a -e POSTGRES_PASSWORD=password postgres:16\nkubectl create secret generic db --from-literal=conn=${REAL}\nhelm upgrade a ./c --set auth.user=a,auth.password=${REAL}-2\n`,
        'bin/database.sh': '#!/bin/sh\npodman run --env=POSTGRES_PASSWORD=postgres postgres:16\n',
      },
      findings: [
        { message: 'command', at: 'bin/database.sh:2', confidence: 'low' },
        { message: 'command', at: 'deploy/start.sh:2' },
        { message: 'command', at: 'deploy/start.sh:3' },
        { message: 'command', at: 'deploy/start.sh:4' },
      ],
    },
    ...[
      {
        name: 'every installation gives another, to review',
        lines: 'helm upgrade a c --set auth.password=$P',
        confidence: 'low' as const,
      },
      {
        name: 'one installation keeps it',
        lines: 'helm upgrade a c --set auth.password=$P\nhelm upgrade b c --set x=y',
      },
      {
        name: 'one installation has nothing but the defaults',
        lines: 'helm upgrade a c --set auth.password=$P\nhelm upgrade b c',
      },
      {
        name: 'an installation that may leave it',
        lines: 'x=()\n[ "$P" ] && x+=(--set "auth.password=$P")\nhelm upgrade a c "${x[@]}"',
      },
      {
        name: 'every installation gives another, and others install it',
        lines:
          'helm upgrade a c --set auth.password=$P\nhelm package c\nhelm push c-1.0.0.tgz oci://registry.example.org/c',
      },
    ].map(({ name, lines, ...more }) => ({
      name: `a chart value: ${name}`,
      files: { ...chart(`auth:\n  password: ${REAL}\n`, SECRET_TEMPLATE), 'up.sh': `#!/bin/bash\n${lines}\n` },
      findings: [{ message: 'values', at: 'c/values.yaml:2', ...more }],
      skip: ['comment' as const],
    })),
    {
      name: 'variables that scripts set',
      files: {
        'bin/start.sh': `#!/bin/sh\nexport VPN_ENCRYPTION_KEY="${BYTES}"\nexport VPN_MODE=fast\n./vpn\n`,
        'bin/serve.sh': `#!/bin/sh\nDB_PASSWORD=${REAL} ./serve\nsudo -E MAIL_PASSWORD=${REAL}-2 ./mail\n`,
        'bin/push.sh': `#!/bin/sh\nREGISTRY_TOKEN=${TOKEN}\n`,
        'deploy/all.sh': `#!/bin/bash\nPASS="${REAL}"\nROOT_PASSWORD="\${2:-${REAL}-2}"\ndeclare -x DATABASE_URL=postgres://shop:${REAL}-3@db/shop\nenv API_KEY=${HEX} ./shop\n`,
      },
      findings: [
        { message: 'export', at: 'bin/push.sh:2', confidence: 'high' },
        { message: 'export', at: 'bin/serve.sh:2', confidence: 'low' },
        { message: 'export', at: 'bin/serve.sh:3', confidence: 'low' },
        { message: 'export', at: 'bin/start.sh:2', confidence: 'high', what: 'script bin/start.sh sets the key' },
        { message: 'export', at: 'deploy/all.sh:2', confidence: 'high' },
        { message: 'export', at: 'deploy/all.sh:3' },
        { message: 'export', at: 'deploy/all.sh:4' },
        { message: 'export', at: 'deploy/all.sh:5' },
      ],
    },
    {
      name: 'compose: words as a key for which any text does',
      files: {
        'compose.yaml': `services:\n  a:\n    image: x\n    environment:\n      - OBFUSCATION_KEY=shop-secret-key\n      - JWT_SECRET=very-secret\n`,
      },
      findings: [
        { message: 'compose', at: 'compose.yaml:5' },
        { message: 'compose', at: 'compose.yaml:6' },
      ],
    },
    ...(
      [
        ['by name', reader('env: [{name: P, valueFrom: {secretKeyRef: {name: db, key: password}}}]')],
        ['as a whole', reader('envFrom: [{secretRef: {name: db}}]')],
        ['as files', `${reader('tty: true')}  volumes: [{name: v, secret: {secretName: db}}]\n`],
        [
          'among others',
          `${reader('tty: true')}  volumes: [{name: v, projected: {sources: [{secret: {name: db}}]}}]\n`,
        ],
      ] as const
    ).map(([how, pod]) => ({
      name: `a Secret that asks to be changed, read ${how}`,
      files: { 'a.yaml': `${secret('stringData:\n  password: change-me-in-production\n')}---\n${pod}` },
      findings: [{ message: 'asking', at: 'a.yaml:6', confidence: 'low' as const }],
    })),
    {
      name: 'a Secret in Base64 that asks to be changed, beside a real one',
      files: {
        'a.yaml': secret(
          `data:\n  password: Y2hhbmdlbWU=\n  jwt-secret: UkVQTEFDRV9XSVRIX1NFQ1JFVA==\n  root-password: ${B64}\n`,
        ),
        'b.yaml': reader('envFrom: [{secretRef: {name: db}}]'),
      },
      findings: [
        { message: 'asking', at: 'a.yaml:6' },
        { message: 'asking', at: 'a.yaml:7' },
        { message: 'manifest', at: 'a.yaml:8' },
      ],
    },
    {
      name: 'lines of texts in a ConfigMap',
      files: {
        'json.yaml': config(`a.json: |\n    {\n      "db": {\n        "password": "${REAL}"\n      }\n    }`),
        'folded.yaml': config(`a.ini: >\n    user = app\n\n    password = ${REAL}\n\n    mode = x`),
        'address.yaml': config(`a.conf: |-\n    # All of it.\n\n    broker amqp://shop:${REAL}@mq/`),
        'quoted.yaml': config(`a.ini: "user = app\\npassword = ${REAL}\\n"`),
        'c/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
        'c/values.yaml': 'mode: x\n',
        'c/templates/c.yaml': config(`a.ini: |\n    mode = {{ .Values.mode }}\n    password = ${REAL}`),
      },
      findings: [
        { message: 'configmap', at: 'address.yaml:9' },
        { message: 'configmap', at: 'c/templates/c.yaml:8' },
        { message: 'configmap', at: 'folded.yaml:9' },
        { message: 'configmap', at: 'json.yaml:9' },
        { message: 'configmap', at: 'quoted.yaml:6' },
      ],
    },
    {
      name: 'chart values with names of hosts',
      files: chart(`auth:\n  password: changeme\ningress:\n  hosts:\n    - host: shop.example.org\n`, SECRET_TEMPLATE),
      findings: [{ message: 'placeholder', at: 'c/values.yaml:2' }],
    },
    {
      name: 'files that scripts write',
      files: {
        'install.sh': `#!/bin/sh\ncat > .env <<-EOF\n\tPATH_OF=\\\${X} and $HOME $(pwd)\n\tDB_PASSWORD=${REAL}\nEOF\n{\n  echo "A=b"\n  echo "API_TOKEN=${HEX}"\n} >> .env\n`,
        'bin/fill.sh': `#!/bin/sh\ncat > app.env <<'EOF'\nDB_PASSWORD=${REAL}-2\nEOF\n`,
        'bin/install.sh': `#!/bin/sh\ncat > compose.demo.yaml <<'EOF'\nservices:\n  db:\n    environment:\n      DB_PASSWORD: ${REAL}-3\n      OTHER_PASSWORD: \${OTHER:-${REAL}-4}\nEOF\n`,
      },
      findings: [
        { message: 'written', at: 'bin/fill.sh:3', confidence: 'low' },
        { message: 'written', at: 'bin/install.sh:6', confidence: 'low' },
        { message: 'written', at: 'bin/install.sh:7', confidence: 'low' },
        { message: 'written', at: 'install.sh:4' },
        { message: 'written', at: 'install.sh:8' },
      ],
      skip: ['comment'],
    },
    {
      name: 'CloudFormation and a task of ECS',
      files: {
        'stack.yaml': `Parameters:\n  DbPassword:\n    Type: String\n    Default: ${REAL}\nResources:\n  Db:\n    Type: AWS::RDS::DBInstance\n    Properties:\n      MasterUserPassword: ${REAL}-2\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      ContainerDefinitions:\n        - Environment:\n            - Name: API_TOKEN\n              Value: ${HEX}\n`,
        'task.json': `{"family": "a", "containerDefinitions": [\n  {"name": "a", "environment": [\n    {"name": "DB_PASSWORD", "value": "${REAL}-3"}\n  ]}\n]}\n`,
      },
      findings: [
        { message: 'template', at: 'stack.yaml:4' },
        { message: 'template', at: 'stack.yaml:9' },
        { message: 'template', at: 'stack.yaml:16' },
        { message: 'template', at: 'task.json:3' },
      ],
      skip: ['comment'],
    },
    {
      name: 'a program in a template that holds one',
      files: {
        'main.tf': `resource "aws_instance" "a" {\n  user_data = <<-EOT\n    export DB_PASSWORD=${REAL}\n  EOT\n}\n`,
      },
      findings: [{ message: 'terraform', at: 'main.tf:2' }],
      skip: ['comment'],
    },
    {
      name: 'a unit of systemd',
      files: { 'api.service': `[Service]\nEnvironment=PORT=80\nEnvironment="API_TOKEN=${REAL}" MODE=x\n` },
      findings: [{ message: 'unit', at: 'api.service:3' }],
    },
    {
      name: 'a database on the machine of whoever runs it, and a secret that pages carry',
      files: { '.env': `DATABASE_URL=postgres://shop:shop@localhost:5432/shop\nVITE_CLIENT_SECRET=${REAL}\n` },
      findings: [
        { message: 'file', at: '.env:1', confidence: 'low' },
        { message: 'file', at: '.env:2' },
      ],
    },
    {
      name: 'a folder named for a machine that Argo CD fetches, and one that nothing does',
      files: {
        'kind/a.yaml': secret('stringData:\n  password: Sommer-7x9-Regen\n'),
        'local/a.yaml': secret('stringData:\n  password: Winter-7x9-Regen\n'),
        'apps.yaml':
          'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop}\nspec: {source: {path: kind}}\n',
      },
      findings: [
        { message: 'manifest', at: 'kind/a.yaml:6', confidence: 'high' },
        { message: 'manifest', at: 'local/a.yaml:6', confidence: 'low' },
      ],
      skip: ['comment'],
    },
    {
      name: 'the key of a certificate for developers',
      files: { 'web/localhost.pem': KEY },
      findings: [{ message: 'file', at: 'web/localhost.pem:1', confidence: 'low' }],
      skip: ['comment'],
    },
    {
      name: 'variables of an image',
      files: {
        Dockerfile: `FROM a AS build\nENV BUILD_PASSWORD=${REAL}\nFROM b\nARG NPM_TOKEN=${HEX}\nENV API_KEY=${REAL} PORT=80\nENV OTHER_TOKEN=$NPM\n`,
      },
      findings: [
        { message: 'image', at: 'Dockerfile:4' },
        { message: 'image', at: 'Dockerfile:5' },
      ],
    },
    {
      name: 'Terraform',
      files: {
        'main.tf': `variable "db_password" {\n  default = "${REAL}"\n}\nresource "aws_db_instance" "a" {\n  password = "${REAL}-2"\n}\nresource "aws_lambda_function" "b" {\n  environment {\n    variables = {\n      API_TOKEN = "${HEX}"\n    }\n  }\n}\nresource "aws_ecs_task_definition" "c" {\n  container_definitions = jsonencode([{ environment = [{ name = "DB_PASSWORD", value = "${REAL}-3" }] }])\n}\nresource "helm_release" "d" {\n  set {\n    name  = "auth.password"\n    value = "${REAL}-4"\n  }\n}\n`,
        'prod.tfvars': `db_password = "${REAL}-5"\n`,
      },
      findings: [
        { message: 'terraform', at: 'main.tf:2' },
        { message: 'terraform', at: 'main.tf:5' },
        { message: 'terraform', at: 'main.tf:10' },
        { message: 'terraform', at: 'main.tf:15' },
        { message: 'terraform', at: 'main.tf:20' },
        { message: 'terraform', at: 'prod.tfvars:1' },
      ],
    },
    {
      name: 'root token of a development server',
      files: { 'compose.yaml': compose('- VAULT_TOKEN=root') },
      findings: [{ message: 'compose', at: 'compose.yaml:5' }],
    },
    {
      name: 'each value of a Secret',
      files: { 'a.yaml': secret(`stringData:\n  password: ${REAL}-2\n  user: shop\ndata:\n  smtp-password: ${B64}\n`) },
      findings: [
        { message: 'manifest', at: 'a.yaml:6' },
        { message: 'manifest', at: 'a.yaml:9' },
      ],
    },
    {
      name: 'registry passwords in pipelines and scripts',
      files: {
        '.github/workflows/x.yml': `on: push\njobs:\n  a:\n    runs-on: x\n    container:\n      image: x\n      credentials:\n        username: u\n        password: ${REAL}\n    steps:\n      - run: docker login -u bot -p ${REAL}-2 registry.example\n      - uses: docker/login-action@v3\n        with:\n          username: bot\n          password: ${REAL}-3\n`,
        'push.sh': `#!/bin/sh\nsudo helm registry login --username a --password=${REAL}-4 r.example\n`,
      },
      findings: [
        { message: 'login', at: '.github/workflows/x.yml:9' },
        { message: 'login', at: '.github/workflows/x.yml:11' },
        { message: 'login', at: '.github/workflows/x.yml:15' },
        { message: 'login', at: 'push.sh:2' },
      ],
    },
    {
      name: 'one secret in several places of a file is one finding',
      files: {
        'compose.yaml': `x-db: &db\n  DB_PASSWORD: ${REAL}\nservices:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: ${REAL}\n  a:\n    image: a\n    environment: *db\n  b:\n    image: b\n    environment:\n      <<: *db\n      DATABASE_URL: postgres://a:${REAL}@db/a\n`,
        'stack.yml':
          'services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: ${DB_PASSWORD:-tundra-lantern-07}\n      REPLICATION_PASSWORD: ${R_PASSWORD:-tundra-lantern-07}\n  a:\n    image: a\n    environment:\n      - DATABASE_URL=postgres://a:${DB_PASSWORD:-tundra-lantern-07}@db/a\n',
      },
      findings: [
        { message: 'compose', at: 'compose.yaml:2' },
        { message: 'default', at: 'stack.yml:5' },
        { message: 'default', at: 'stack.yml:6' },
      ],
    },
    {
      name: 'compose files that say that they are for trying things out',
      files: {
        'compose.demo.yml': compose(`DB_PASSWORD: ${REAL}`),
        'a/compose.yml': `# The stack for local development.\n\n${compose(`DB_PASSWORD: ${REAL}`)}`,
        'b/compose.yml': `# Not meant to be used\n# in production.\n${compose(`DB_PASSWORD: ${REAL}`)}`,
        'c/compose.yml': `${compose(`DB_PASSWORD: ${REAL}`)}    ports: ["127.0.0.1:5432:5432"]\n`,
        'd/compose.yml': `${compose(`DB_PASSWORD: ${REAL}`)}  mail:\n    image: axllent/mailpit:v1.20\n    ports: [8025:8025]\n`,
        'e/compose.yml': compose(`{DB_PASSWORD: ${REAL}, NODE_ENV: development}`),
        'f/compose.yml': `${compose(`DB_PASSWORD: ${REAL}`)}    command: npm run dev\n`,
        'g/compose.yml': `${compose(`DB_PASSWORD: ${REAL}`)}    build: {context: ., target: dev}\n`,
      },
      findings: [
        { message: 'compose', at: 'compose.demo.yml:5', confidence: 'low' },
        { message: 'compose', at: 'a/compose.yml:7', confidence: 'low' },
        { message: 'compose', at: 'b/compose.yml:7', confidence: 'low' },
        ...[...'cdefg'].map((at) => ({ message: 'compose', at: `${at}/compose.yml:5`, confidence: 'low' as const })),
      ],
    },
    {
      name: 'compose files that only speak of trying things out',
      files: {
        'a/compose.yml': `# The production stack.\n# For development use compose.dev.yaml.\n${compose(`DB_PASSWORD: ${REAL}`)}`,
        'b/compose.yml': `# Everything that is needed; for local development add -f compose.dev.yaml\n${compose(`DB_PASSWORD: ${REAL}`)}`,
        'c/compose.yml': `${compose(`DB_PASSWORD: ${REAL}`)}    ports: ["127.0.0.1:5432:5432"]\n  web:\n    image: web\n    ports: ["443:443"]\n`,
        'e/compose.yml': `${compose(`{DB_PASSWORD: ${REAL}, NODE_ENV: production}`)}  b:\n    image: b\n    environment: {ENVIRONMENT: development}\n`,
      },
      findings: [
        { message: 'compose', at: 'a/compose.yml:7', confidence: 'high' },
        { message: 'compose', at: 'b/compose.yml:6', confidence: 'high' },
        ...[...'ce'].map((at) => ({ message: 'compose', at: `${at}/compose.yml:5`, confidence: 'high' as const })),
      ],
    },
    {
      name: 'files of settings',
      files: {
        '.npmrc': `//registry.example.org/:_authToken=${TOKEN}\nregistry=https://registry.example.org/\n`,
        '.netrc': `machine git.example.org login bot password ${REAL}\n`,
        'pip.conf': `[global]\nindex-url = https://bot:${REAL}@pypi.example.org/simple\n`,
        '.pgpass': `db.example.org:5432:*:app:${REAL}\n`,
        'conf/.htpasswd': 'ops:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC\n',
        'conf/settings.xml': `<settings>\n  <servers>\n    <server>\n      <id>x</id>\n      <password>${REAL}</password>\n    </server>\n  </servers>\n</settings>\n`,
        'api/appsettings.json': `{\n  "ConnectionStrings": {\n    "Main": "Server=db;Database=a;User Id=app;Password=${REAL}"\n  }\n}\n`,
        'api/web.config': `<configuration>\n  <connectionStrings>\n    <add name="Main" connectionString="Server=db;User Id=a;Password=${REAL}" />\n  </connectionStrings>\n</configuration>\n`,
        'src/main/resources/application.yml': `spring:\n  datasource:\n    password: \${DB_PASSWORD:${REAL}}\n`,
        'gradle.properties': `org.gradle.daemon=true\nrepositoryPassword=${REAL}\n`,
        'config/database.yml': `development:\n  password: postgres\nproduction:\n  password: ${REAL}\n`,
        'ansible/group_vars/all.yml': `db_password: ${REAL}\nother_password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n`,
        'ansible/hosts.ini': `[web]\na.example.org ansible_user=x ansible_ssh_pass=${REAL}\n`,
        'docker/config.json': `{"auths": {"r.example.org": {\n  "auth": "${Buffer.from(`bot:${REAL}`).toString('base64')}"\n}}}\n`,
      },
      findings: [
        ...[
          '.npmrc:1',
          '.netrc:1',
          'pip.conf:2',
          '.pgpass:1',
          'conf/.htpasswd:1',
          'conf/settings.xml:5',
          'api/appsettings.json:3',
          'api/web.config:3',
          'src/main/resources/application.yml:3',
          'gradle.properties:2',
          'config/database.yml:4',
          'ansible/group_vars/all.yml:1',
          'ansible/hosts.ini:2',
          'docker/config.json:2',
        ].map((at) => ({ message: 'setting', at })),
      ],
      skip: ['comment'],
    },
    {
      name: 'secrets of pipelines',
      files: {
        '.github/workflows/x.yml': `on: push\nenv:\n  AWS_SECRET_ACCESS_KEY: q8Zr1Lk0Vt5Nw2Xb7Ym4Hc9Jd3Gf6Ps1Aa0Bb2Cc\njobs:\n  a:\n    runs-on: x\n    env:\n      SESSION_SECRET: q7Zr1Lk0Vt5Nw2Xb7Ym4Hc9J\n      DB_PASSWORD: postgres\n    steps:\n      - run: x\n        env:\n          GH_TOKEN: ${TOKEN}\n`,
      },
      findings: [
        { message: 'pipeline', at: '.github/workflows/x.yml:3', confidence: 'high' },
        { message: 'pipeline', at: '.github/workflows/x.yml:8', confidence: 'low' },
        { message: 'pipeline', at: '.github/workflows/x.yml:13', confidence: 'high' },
      ],
    },
    {
      name: 'keys in hexadecimal digits',
      files: { 'conf/validator_key': `${HEX}\n`, 'node.key': `0x${HEX}` },
      findings: [
        { message: 'file', at: 'conf/validator_key:1' },
        { message: 'file', at: 'node.key:1' },
      ],
      skip: ['comment'],
    },
    {
      name: 'data',
      files: { 'a.yaml': secret(`data:\n  password: ${B64}\n`) },
      findings: [{ message: 'manifest', at: 'a.yaml:6' }],
    },
    {
      name: 'stringData',
      files: { 'a.yaml': secret(`stringData:\n  user: admin\n  password: ${REAL}\n`) },
      findings: [{ message: 'manifest', at: 'a.yaml:7' }],
    },
    {
      name: 'by any name',
      files: { 'a.yaml': secret(`data:\n  vaultapi: ${B64}\n`) },
      findings: [{ message: 'manifest', at: 'a.yaml:6' }],
    },
    {
      name: 'docker credentials',
      files: {
        'a.yaml': secret(
          `type: kubernetes.io/dockerconfigjson\ndata:\n  .dockerconfigjson: ${Buffer.from('{"auths":{"x":{"auth":"YWRtaW46aHVudGVyMg=="}}}').toString('base64')}\n`,
        ),
      },
      findings: [{ message: 'manifest', at: 'a.yaml:7' }],
    },
    {
      name: 'TLS key',
      files: { 'a.yaml': secret(`data:\n  tls.crt: ""\n  tls.key: ${Buffer.from(KEY).toString('base64')}\n`) },
      findings: [{ message: 'manifest', at: 'a.yaml:7' }],
    },
    {
      name: 'Terraform Secret',
      files: {
        'main.tf': `resource "kubernetes_secret" "s" {\n  metadata {\n    name = "s"\n  }\n  data = {\n    password = "${REAL}"\n  }\n}\n`,
      },
      findings: [{ message: 'manifest', at: 'main.tf:6' }],
      skip: ['comment'],
    },
    {
      name: 'env by name',
      files: { 'a.yaml': pod(`{name: MYSQL_ROOT_PASSWORD, value: password}`) },
      findings: [{ message: 'environment', at: 'a.yaml:9' }],
    },
    {
      name: 'env by value',
      files: {
        'a.yaml': pod(
          `name: THE_STUFF\n          value: |\n            ${KEY.replaceAll('\n', '\n            ').trimEnd()}`,
        ),
      },
      findings: [{ message: 'environment', at: 'a.yaml:11' }],
      skip: ['comment'],
    },
    {
      name: 'connection string',
      files: { 'a.yaml': pod(`{name: DATABASE_URL, value: "postgres://app:${REAL}@db:5432/app"}`) },
      findings: [{ message: 'environment', at: 'a.yaml:9' }],
    },
    {
      name: 'ConfigMap password',
      files: { 'a.yaml': config(`db_password: ${REAL}`) },
      findings: [{ message: 'configmap', at: 'a.yaml:6' }],
    },
    {
      name: 'ConfigMap placeholder of a cloud key',
      files: { 'a.yaml': config('AWS_SECRET_ACCESS_KEY: xxxxx') },
      findings: [{ message: 'configmap', at: 'a.yaml:6', confidence: 'low' }],
    },
    {
      name: 'a ConfigMap with the password of an account for everybody',
      files: { 'a.yaml': config('DEMO_LOGIN_PASSWORD: come-and-look-7') },
      findings: [{ message: 'configmap', at: 'a.yaml:6', confidence: 'low' }],
    },
    {
      name: 'ConfigMap nested setting',
      files: { 'a.yaml': config('app.ini: |\n    [db]\n    user = app\n    password = hunter2') },
      findings: [{ message: 'configmap', at: 'a.yaml:9' }],
    },
    {
      name: 'ConfigMap private key',
      files: { 'a.yaml': config(`id: |\n    ${KEY.replaceAll('\n', '\n    ').trimEnd()}`) },
      findings: [{ message: 'configmap', at: 'a.yaml:7' }],
      skip: ['comment'],
    },
    {
      name: 'chart value',
      files: chart(`auth:\n  password: ${REAL}\n`, SECRET_TEMPLATE),
      findings: [{ message: 'values', at: 'c/values.yaml:2' }],
    },
    {
      name: 'literal in a template',
      files: chart('a: 1\n', `apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  password: ${REAL}\n`),
      findings: [{ message: 'manifest', at: 'c/templates/s.yaml:6' }],
    },
    {
      name: 'values of Argo CD as text',
      files: {
        'a.yaml': `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: m}\nspec:\n  source:\n    helm:\n      values: |\n        grafana:\n          adminPassword: ${REAL}\n`,
      },
      findings: [{ message: 'values', at: 'a.yaml:9' }],
      skip: ['comment'],
    },
    {
      name: 'parameters of Argo CD',
      files: {
        'a.yaml': `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: m}\nspec:\n  source:\n    helm:\n      parameters:\n        - name: auth.password\n          value: ${REAL}\n`,
      },
      findings: [{ message: 'values', at: 'a.yaml:9' }],
    },
    {
      name: 'generator',
      files: { 'kustomization.yaml': `secretGenerator:\n  - name: s\n    literals:\n      - password=${REAL}\n` },
      findings: [{ message: 'generator', at: 'kustomization.yaml:4' }],
    },
    {
      name: 'compose',
      files: { 'compose.yaml': compose(`DB_PASSWORD: ${REAL}`) },
      findings: [{ message: 'compose', at: 'compose.yaml:5' }],
    },
    {
      name: 'compose list',
      files: { 'compose.yaml': compose(`- POSTGRES_PASSWORD=postgres`) },
      findings: [{ message: 'compose', at: 'compose.yaml:5' }],
    },
    {
      name: 'compose default',
      files: { 'compose.yaml': compose('DB_PASSWORD: ${DB_PASSWORD:-changeme}') },
      findings: [{ message: 'default', at: 'compose.yaml:5', severity: 'medium' }],
    },
    {
      name: 'compose connection string',
      files: { 'compose.yaml': compose(`DATABASE_URL: postgres://a:\${P:-${REAL}}@db/a`) },
      findings: [{ message: 'default', at: 'compose.yaml:5' }],
    },
    {
      name: '.env',
      files: { 'deploy/.env.production': `# comment\nPORT=80\nSESSION_SECRET="${REAL}"\n` },
      findings: [{ message: 'file', at: 'deploy/.env.production:3' }],
    },
    {
      name: 'private key file',
      files: { 'deploy/key.pem': KEY },
      findings: [{ message: 'file', at: 'deploy/key.pem:1' }],
      skip: ['comment'],
    },
    {
      name: 'kubeconfig',
      files: {
        'kubeconfig.yaml': `apiVersion: v1\nkind: Config\nclusters: []\nusers:\n  - name: a\n    user:\n      token: ${B64}\n`,
      },
      findings: [{ message: 'kubeconfig', at: 'kubeconfig.yaml:7' }],
    },
  ],
  unknown: [
    {
      name: 'a chart that refuses its own default',
      files: {
        ...chart(
          'auth:\n  sessionSecret: change-me-please\n',
          '{{- if eq .Values.auth.sessionSecret "change-me-please" }}{{ fail "set it" }}{{ end }}\napiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  session-secret: {{ .Values.auth.sessionSecret | quote }}\n',
        ),
        'c/templates/p.yaml': reader('envFrom: [{secretRef: {name: s}}]'),
      },
    },
  ],
  notApplicable: [
    {
      name: 'logins without a password in the text',
      files: {
        '.github/workflows/x.yml':
          'on: push\njobs:\n  a:\n    runs-on: x\n    container:\n      image: x\n      credentials:\n        password: ${{ secrets.P }}\n    steps:\n      - run: echo "${{ secrets.P }}" | docker login -u bot --password-stdin r.example\n      - run: docker login -u bot -p "$PASSWORD" r.example\n      - run: docker login -u bot -p ${{ secrets.P }} r.example\n      - uses: docker/login-action@v3\n        with:\n          password: ${{ secrets.GITHUB_TOKEN }}\n',
        'run.sh': '#!/bin/sh\ndocker run -p 80:80 login-service\ncurl -p login\n',
      },
    },
    {
      name: 'digits that are no key',
      files: { VERSION: HEX, 'release.sha256': HEX, 'node.pub.key': HEX, 'zero.key': '0'.repeat(64), 'x.key': 'text' },
    },
    {
      name: 'commands and images that hold no secret',
      files: {
        'deploy/start.sh':
          '#!/bin/sh\ndocker run -e DB_PASSWORD="$DB_PASSWORD" -e API_TOKEN -e PORT=80 a\nkubectl create secret generic db --from-literal=password="$P"\nkubectl create configmap c --from-literal=mode=fast-and-loud-9\nhelm upgrade a ./c --set auth.password=$P\n',
        'scripts/test/db.sh': '#!/bin/sh\ndocker run -e POSTGRES_PASSWORD=postgres postgres:16\n',
        Makefile: 'db:\n\tdocker run -e POSTGRES_PASSWORD=postgres postgres:16\n',
        Dockerfile: 'FROM a\nARG DB_PASSWORD\nENV DB_PASSWORD=$DB_PASSWORD SECRET_KEY=dummy AGENT_TOKEN=123456\n',
        'Dockerfile.dev': 'FROM a\nENV DB_PASSWORD=postgres\n',
      },
    },
    {
      name: 'CloudFormation that refers to a store',
      files: {
        'stack.yaml':
          "Parameters:\n  DbPassword:\n    Type: String\n    NoEcho: true\n    Default: ''\nResources:\n  Db:\n    Type: AWS::RDS::DBInstance\n    Properties:\n      MasterUserPassword: !Ref DbPassword\n  Other:\n    Type: AWS::RDS::DBInstance\n    Properties:\n      MasterUserPassword: '{{resolve:secretsmanager:shop/db:SecretString:password}}'\n  Secret:\n    Type: AWS::SecretsManager::Secret\n    Properties:\n      GenerateSecretString: {GenerateStringKey: password, PasswordLength: 30}\n  Api:\n    Type: AWS::ApiGateway::RestApi\n    Properties: {ApiKeySourceType: AUTHORIZER}\n  Queue:\n    Type: AWS::SQS::Queue\n    Properties: {KmsMasterKeyIdForQueue: 'a1b2c3d4e5', KmsMasterKey: alias/aws/sqs}\n  Fn:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code:\n        ZipFile: |\n          call({\n            ResultToken: event.resultToken,\n            privateKey: pair['private'],\n            accessToken: load(event),\n          })\n          NextToken=nextToken\n",
        'sample.tfvars': 'admin_password = "ChangeMe123!"\n',
      },
    },
    {
      name: 'settings without a secret',
      files: {
        '.npmrc': 'save-exact=true\nregistry=https://registry.example.org/\n',
        'config/database.yml': 'development:\n  host: x\n',
        'ansible/site.yml':
          '- hosts: all\n  tasks:\n    - name: create the account\n      user:\n        name: app\n        update_password: on_create\n',
        'web.config':
          '<configuration>\n  <!-- <add key="Password" value="kestrel-41" /> -->\n  <add key="Mode" value="fast" />\n</configuration>\n',
      },
    },
    { name: 'nothing', files: { 'a.txt': 'x' } },
    {
      name: 'names that only contain the word',
      files: {
        'a.yaml': pod('{name: DB_PASSWORD_FILE, value: /run/secrets/db}'),
        'b.yaml': config(
          'db_user: app\n  TOKEN_URL: https://x.example\n  SECRET_NAME: web-tls\n  KEY_ID: abc12345\n  PASSWORD_HASH_METHOD: pbkdf2\n  PASSWORD_COMMAND: pass-show-db\n  PUBLIC_KEY: abc12345\n  max_tokens: "4096"',
        ),
        'compose.yaml': compose('PASSWORD_MIN_LENGTH: 12'),
      },
    },
    {
      name: 'a value that only contains the word',
      files: { 'a.yaml': pod('{name: GREETING, value: "no secret at all"}') },
    },
    {
      name: 'variables of scripts that give nothing away',
      files: {
        'deploy/all.sh': [
          '#!/bin/bash',
          'export DB_PASSWORD="$(openssl rand -hex 32)" MAIL_PASSWORD=changeme QUEUE_PASSWORD=postgres',
          'export CACHE_PASSWORD=test-Quarry-41 ADMIN_PASSWORD=admin123 SITE_PASSWORD=site1user ROOT_PASSWORD=grafana2024 X_PASSWORD=dev-1-shop',
          'export API_TOKEN="${API_TOKEN:-}" API_KEY="${1:?key}" SESSION_SECRET="$(cat s)-41" JWT_SECRET="x${Y}41"',
          'export PASSWORD_STORE=/srv/pass-2/store PASSWORD_FILE=/run/secrets/db2 SECRET_NAME=web-tls-2',
          'export SSH_KEY=shop_ed25519 DEPLOY_KEY=~/.ssh/shop-41 AWS_KEY_PAIR=shop-keys-41 GPG_KEY=A035C8C19219BA82',
          'export PUBLIC_KEY=MCowBQYDK2VwAyEAq8Zr1Lk0 TOKEN_CHECKSUM=9f86d081884c7d659a2f KEY_COLOR=8fa3b2c1',
          `SIGNING_KEY=A035C8C19219BA82 MESH_TOKEN=0x${HEX.slice(0, 40)} AWS_KMS_KEY=0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0`,
          `Environment='PWD="/opt/shop"' PWD=/opt/shop2 ./start`,
          'API_KEY=shop-key-2 ANALYTICS_API_KEY=phc_q8Zr1Lk0Vt5Nw2Xb7Ym4Hc9J',
          `DEPLOYER_PRIVATE_KEY=0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80 ./start`,
          'PATTERN="-----BEGIN RSA PRIVATE KEY-----"',
          `ASKED_PASSWORD=${REAL}`,
          'read -rsp "Password: " ASKED_PASSWORD',
          '',
        ].join('\n'),
        'scripts/dev/up.sh': `#!/bin/sh\nexport DB_PASSWORD=${REAL}\n`,
        'bin/start-local.sh': `#!/bin/sh\nexport DB_PASSWORD=${REAL}\n`,
        Makefile: `test:\n\tDB_PASSWORD=${REAL} go test ./...\n`,
      },
    },
    { name: 'ConfigMap with a script', files: { 'a.yaml': config('a.sh: |\n    PASSWORD=$2\n    TOKEN="$1"') } },
    { name: 'ConfigMap with an empty setting', files: { 'a.yaml': config('app: REDIS_PASSWORD=') } },
    { name: 'template of an .env file', files: { '.env.example': `DB_PASSWORD=${REAL}\n` } },
    {
      name: 'public certificate',
      files: { 'ca.pem': '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n' },
    },
    {
      name: 'values that refer to Secrets',
      files: {
        'c/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
        'c/values.yaml':
          'auth:\n  existingSecret: db-auth-2\n  secretName: db-auth\n  adminPasswordKey: admin-password\n  apiKeySecretKey: MAIL_API_KEY\n  tlsSecret: web-tls-2\nimagePullSecrets: [regcred]\n',
      },
    },
  ],
});
