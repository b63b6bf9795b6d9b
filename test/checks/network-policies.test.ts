import { networkPolicies } from '../../src/checks/network-policies.ts';
import { testCheck } from '../check-tester.ts';

const workload = (kind = 'Deployment', { namespace = 'shop', labels = '{app: web}', more = '' } = {}) => {
  const pod = `metadata: {labels: ${labels}}\n      spec:\n${more}        containers: [{name: a, image: x}]\n`;
  const head = `kind: ${kind}\nmetadata:\n  name: web\n  namespace: ${namespace}\n  labels: {on: metadata}\n`;
  if (kind !== 'CronJob')
    return `apiVersion: ${kind === 'Job' ? 'batch' : 'apps'}/v1\n${head}spec:\n  template:\n      ${pod}`;
  return `apiVersion: batch/v1\n${head}spec:\n  jobTemplate:\n   spec:\n    template:\n      ${pod}`;
};
/** The same without a namespace. */
const bare = workload().replace('  namespace: shop\n', '');
const policy = (
  spec: string,
  { namespace = 'shop', apiVersion = 'networking.k8s.io/v1', kind = 'NetworkPolicy' } = {},
) => `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: p, namespace: ${namespace}}\nspec: ${spec}\n`;
const RULES = 'policyTypes: [Ingress], ingress: [{from: [{podSelector: {}}]}]';
const chart = (enabled: boolean) => ({
  'c/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
  'c/values.yaml': `networkPolicy: {enabled: ${enabled}}\n`,
  'c/templates/d.yaml':
    'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  template:\n    metadata: {labels: {app: {{ .Chart.Name }}}}\n    spec:\n      containers: [{name: a, image: x}]\n',
  'c/templates/p.yaml':
    '{{- if .Values.networkPolicy.enabled }}\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec:\n  podSelector:\n    matchLabels:\n      app: {{ .Chart.Name }}\n{{- end }}\n',
});
const selected: [string, string][] = [
  ['everything', '{}'],
  ['everything, written out', `{podSelector: {}, ${RULES}}`],
  ['by label', `{podSelector: {matchLabels: {app: web}}, ${RULES}}`],
  ['In', `{podSelector: {matchExpressions: [{key: app, operator: In, values: [api, web]}]}, ${RULES}}`],
  ['NotIn', `{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [api]}]}, ${RULES}}`],
  ['Exists', `{podSelector: {matchExpressions: [{key: app, operator: Exists}]}, ${RULES}}`],
  ['DoesNotExist', `{podSelector: {matchExpressions: [{key: x, operator: DoesNotExist}]}, ${RULES}}`],
  [
    'only egress',
    '{podSelector: {}, policyTypes: [Egress], egress: [{to: []}, {ports: [{port: 53}]}]}'.replace('{to: []}, ', ''),
  ],
];
const missed: [string, string][] = [
  ['another label', `{podSelector: {matchLabels: {app: api}}, ${RULES}}`],
  ['a label more', `{podSelector: {matchLabels: {app: web, tier: x}}, ${RULES}}`],
  ['labels of metadata', `{podSelector: {matchLabels: {on: metadata}}, ${RULES}}`],
  ['In others', `{podSelector: {matchExpressions: [{key: app, operator: In, values: [api]}]}, ${RULES}}`],
  ['NotIn this one', `{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}, ${RULES}}`],
];
const cilium = (spec: string, kind = 'CiliumNetworkPolicy') =>
  policy(spec, { namespace: kind.includes('wide') ? 'x' : 'shop', apiVersion: 'cilium.io/v2', kind });
const calico = (spec: string, kind = 'NetworkPolicy') =>
  policy(spec, { namespace: kind === 'NetworkPolicy' ? 'shop' : 'x', apiVersion: 'projectcalico.org/v3', kind });
const of = (apiVersion: string, kind: string, spec: string) => policy(spec, { namespace: 'shop', apiVersion, kind });
const admin = (spec: string, kind = 'AdminNetworkPolicy') =>
  of(`policy.networking.k8s.io/v1alpha1`, kind, `{subject: {namespaces: {}}, ${spec}}`);
const kyverno = (match: string) =>
  of(
    'kyverno.io/v1',
    'ClusterPolicy',
    `{rules: [{match: ${match}, exclude: {any: [{resources: {namespaces: [kube-*]}}]}, generate: {kind: NetworkPolicy, data: {spec: {podSelector: {}, policyTypes: [Ingress]}}}}]}`,
  );
const equivalents: [string, string][] = [
  ['old apiVersion', policy(`{podSelector: {}, ${RULES}}`, { apiVersion: 'extensions/v1beta1' })],
  ['Cilium', cilium('{endpointSelector: {matchLabels: {"k8s:app": web}}, ingress: [{}]}')],
  [
    'Cilium, whole cluster',
    cilium(
      '{endpointSelector: {matchLabels: {k8s:io.kubernetes.pod.namespace: shop}}, ingress: [{fromEntities: [cluster]}]}',
      'CiliumClusterwideNetworkPolicy',
    ),
  ],
  [
    'Cilium, by a label of the namespace',
    `${cilium('{endpointSelector: {matchLabels: {io.cilium.k8s.namespace.labels.team: a}}, egress: [{toEntities: [all], toPorts: [{ports: [{port: "53"}]}]}]}', 'CiliumClusterwideNetworkPolicy')}---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: a}}\n`,
  ],
  [
    'Cilium, by the account',
    cilium(
      '{endpointSelector: {matchLabels: {io.cilium.k8s.policy.serviceaccount: default}}, ingressDeny: [{fromEntities: [world]}]}',
    ),
  ],
  [
    'Cilium, several',
    'apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: shop}\nspecs:\n  - {endpointSelector: {matchLabels: {app: other}}, ingress: [{}]}\n  - {endpointSelector: {}, egress: [{}]}\n',
  ],
  ['Calico', calico("{selector: app == 'web'}")],
  [
    'Calico, global',
    calico(
      `{namespaceSelector: "projectcalico.org/name != 'kube-system'", selector: "has(app) && (app in {'web', 'api'} || !all())"}`,
      'GlobalNetworkPolicy',
    ),
  ],
  [
    'Calico, global by the name of the namespace',
    calico(
      `{selector: "projectcalico.org/namespace not in {'kube-system', 'calico-system'}", types: [Ingress, Egress]}`,
      'GlobalNetworkPolicy',
    ),
  ],
  [
    'Calico, what is refused first',
    calico('{selector: all(), ingress: [{action: Deny, source: {nets: [10.0.0.0/8]}}, {action: Allow}]}'),
  ],
  ['administrator', admin('ingress: [{action: Deny, from: [{namespaces: {}}]}]')],
  ['administrator, base', admin('egress: [{action: Deny}]', 'BaselineAdminNetworkPolicy')],
  [
    'administrator, pods',
    of(
      'policy.networking.k8s.io/v1alpha2',
      'ClusterNetworkPolicy',
      '{tier: Baseline, subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}}, ingress: [{action: Deny}]}',
    ),
  ],
  [
    'Antrea',
    of(
      'crd.antrea.io/v1beta1',
      'ClusterNetworkPolicy',
      '{appliedTo: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}], ingress: [{action: Drop}]}',
    ),
  ],
  [
    'Antrea, in the namespace',
    of(
      'crd.antrea.io/v1beta1',
      'NetworkPolicy',
      '{appliedTo: [{podSelector: {matchLabels: {app: web}}}], egress: [{action: Reject}]}',
    ),
  ],
  [
    'Antrea, a group for each rule',
    `${of('crd.antrea.io/v1beta1', 'ClusterNetworkPolicy', '{ingress: [{action: Drop, appliedTo: [{group: g}]}]}')}---\napiVersion: crd.antrea.io/v1beta1\nkind: ClusterGroup\nmetadata: {name: g}\nspec: {podSelector: {matchLabels: {app: web}}}\n`,
  ],
  ['OVN', of('k8s.ovn.org/v1', 'EgressFirewall', '{egress: [{type: Deny, to: {cidrSelector: 0.0.0.0/0}}]}')],
  ['Kyverno', kyverno('{any: [{resources: {kinds: [Namespace]}}]}')],
  ['Kyverno, by name', kyverno('{resources: {kinds: [Namespace], names: ["s*p"]}}')],
];
/** What looks like a policy for the pod and is none, with the finding. */
const lookAlikes: [string, string, string][] = [
  ['Cilium that denies nothing', cilium('{endpointSelector: {}}'), 'open'],
  [
    'Cilium that is told to deny nothing',
    cilium('{endpointSelector: {}, enableDefaultDeny: {ingress: false}, ingress: [{fromEndpoints: [{}]}]}'),
    'open',
  ],
  ['Cilium that allows all', cilium('{endpointSelector: {}, ingress: [{fromEntities: [all]}]}'), 'open'],
  ['Calico that allows all', calico('{selector: all(), ingress: [{action: Allow}]}'), 'open'],
  ['Calico that hands on', calico('{types: [Ingress], ingress: [{action: Log}, {action: Pass}]}'), 'open'],
  ['Calico that nobody enforces', calico('{selector: all()}', 'StagedNetworkPolicy'), 'none'],
  ['Calico for accounts', calico("{selector: all(), serviceAccountSelector: role == 'x'}"), 'unselected'],
  [
    'Calico for another namespace',
    calico("{selector: all(), namespaceSelector: team == 'x'}", 'GlobalNetworkPolicy'),
    'none',
  ],
  ['administrator who allows', admin('ingress: [{action: Allow}, {action: Pass}]'), 'none'],
  ['Antrea for nodes', of('crd.antrea.io/v1beta1', 'ClusterNetworkPolicy', '{ingress: [{action: Drop}]}'), 'none'],
  ['OVN that allows', of('k8s.ovn.org/v1', 'EgressFirewall', '{egress: [{type: Allow}]}'), 'open'],
  ['Kyverno for others', kyverno('{any: [{resources: {kinds: [Namespace], names: [s-*]}}]}'), 'none'],
  ['Kyverno for pods', kyverno('{any: [{resources: {kinds: [Pod]}}]}'), 'none'],
  ['every address', policy('{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}'), 'open'],
];
/** What applies `k8s/a.yaml`, which names no namespace, to the namespace `shop`. */
const appliers: [string, Record<string, string>][] = [
  ['kubectl', { 'up.sh': 'kubectl apply -n shop -f k8s/a.yaml\n' }],
  [
    'kubectl of a folder',
    { 'ops/up.sh': 'NS=shop\nfor x in 1; do\n  sudo kubectl --namespace="$NS" apply -f ../k8s/ || exit 1\ndone\n' },
  ],
  ['kubectl with a pattern', { 'up.sh': "kubectl create --filename='k8s/*.yaml' --namespace shop\n" }],
  ['kubectl with everything below', { 'up.sh': 'kubectl apply -R -f . -n shop\n' }],
  [
    'kubectl after a choice',
    { 'up.sh': 'kubectl config set-context --current --namespace=shop\nkubectl apply -f k8s\n' },
  ],
  [
    'kubectl in a workflow',
    {
      '.github/workflows/cd.yml':
        'on: push\njobs:\n  d:\n    runs-on: x\n    env: {SPACE: shop}\n    steps:\n      - working-directory: k8s\n        run: kubectl apply -f a.yaml -n ${{ env.SPACE }}\n',
    },
  ],
  [
    'skaffold',
    {
      'skaffold.yaml':
        'apiVersion: skaffold/v4beta6\nkind: Config\nmanifests: {rawYaml: [./k8s/*.yaml]}\ndeploy: {kubectl: {defaultNamespace: shop}}\n',
    },
  ],
  [
    'an old skaffold',
    {
      'skaffold.yaml':
        'apiVersion: skaffold/v2beta29\nkind: Config\ndeploy: {kubectl: {manifests: [k8s/a.yaml], flags: {global: [-n, shop]}}}\n',
    },
  ],
  [
    'a profile of skaffold',
    {
      'ops/skaffold.yaml':
        'apiVersion: skaffold/v4beta6\nkind: Config\ndeploy: {kubectl: {flags: {apply: [--namespace=shop]}}}\nprofiles: [{name: live, manifests: {rawYaml: [../k8s/a.yaml]}}]\n',
    },
  ],
  [
    'Argo CD',
    {
      'app.yaml':
        'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec:\n  source: {path: k8s, directory: {recurse: true}}\n  destination: {namespace: shop}\n',
    },
  ],
  [
    'a set of Argo CD',
    {
      'apps.yaml':
        'apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: a}\nspec:\n  generators:\n    - matrix:\n        generators:\n          - list: {elements: [{name: shop, values: {folder: k8s}}]}\n          - clusters: {}\n  template:\n    spec:\n      source: {path: "{{.values.folder}}"}\n      destination: {namespace: "{{ name }}"}\n',
    },
  ],
  [
    'Flux',
    {
      'flux.yaml':
        'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a, namespace: flux-system}\nspec: {path: ./k8s, targetNamespace: shop}\n',
    },
  ],
];
const sandbox = (spec: string) =>
  `apiVersion: extensions.agents.x-k8s.io/v1beta1\nkind: SandboxTemplate\nmetadata: {name: web, namespace: shop}\nspec: {${spec}{spec: {containers: [{name: a, image: x}]}}}\n`;
const none = (at: string) => [{ message: 'none', at }];
const skip = ['comment'] as const;

testCheck(networkPolicies, {
  valid: [
    { name: 'sandboxes whose controller makes the policy', files: { 'a.yaml': sandbox('podTemplate: ') } },
    {
      name: 'a kustomization of which only some files name the namespace',
      files: {
        'kustomization.yaml': 'resources: [a.yaml, p.yaml]\n',
        'a.yaml': workload(),
        'p.yaml': policy('{podSelector: {matchLabels: {app: web}}}').replace(', namespace: shop', ''),
      },
    },
    ...selected.map(([name, spec]) => ({
      name: `selected: ${name}`,
      files: { 'a.yaml': workload(), 'p.yaml': policy(spec) },
      subjects: 1,
    })),
    ...equivalents.map(([name, text]) => ({
      name: `selected by ${name}`,
      files: { 'a.yaml': workload(), 'p.yaml': text },
    })),
    ...appliers.map(([name, files]) => ({
      name: `applied by ${name}`,
      files: { ...files, 'k8s/a.yaml': bare, 'other/p.yaml': policy('{podSelector: {}}') },
      subjects: 1,
    })),
    {
      name: 'a kustomization that Argo CD and Flux put into a namespace',
      files: {
        'k8s/kustomization.yaml': 'resources: [a.yaml]\n',
        'k8s/a.yaml': workload(),
        'app.yaml':
          'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec:\n  source: {path: k8s, kustomize: {namespace: live}}\n',
        'p.yaml': policy('{podSelector: {}}', { namespace: 'live' }),
      },
      subjects: 1,
    },
    {
      name: 'folders that a generator finds',
      files: {
        'apps/one/a.yaml': bare,
        'apps/one/p.yaml': policy('{podSelector: {}}').replace(', namespace: shop', ''),
        'apps/two/b.yaml': bare.replace('name: web', 'name: two'),
        'two.yaml': policy('{podSelector: {}}', { namespace: 'two' }),
        'apps.yaml':
          'apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: a}\nspec:\n  generators: [{git: {directories: [{path: apps/*}]}}]\n  template:\n    spec:\n      source: {path: "{{path}}"}\n      destination: {namespace: "{{path.basename}}"}\n',
      },
      subjects: 2,
    },
    {
      name: 'a chart and manifests that commands put where nobody says',
      files: {
        ...chart(false),
        'up.sh': 'helm install c c\nkubectl apply -f k8s\n',
        'k8s/p.yaml': policy('{podSelector: {}}').replace(', namespace: shop', ''),
      },
      subjects: 1,
    },
    {
      name: 'a release of skaffold',
      files: {
        ...chart(false),
        'skaffold.yaml':
          'apiVersion: skaffold/v4beta6\nkind: Config\ndeploy: {helm: {releases: [{name: c, chartPath: c, namespace: shop, setValues: {networkPolicy.enabled: true}}]}}\n',
      },
    },
    ...['StatefulSet', 'DaemonSet', 'CronJob', 'Job'].map((kind) => ({
      name: kind,
      files: { 'a.yaml': workload(kind), 'p.yaml': policy(selected[2]![1]) },
    })),
    { name: 'one file', files: { 'a.yaml': `${workload()}---\n${policy('{podSelector: {}}')}` } },
    {
      name: 'in a list',
      files: {
        'a.yaml': workload(),
        'p.yaml': `apiVersion: v1\nkind: List\nitems:\n  - ${policy('{podSelector: {}}').trimEnd().replaceAll('\n', '\n    ')}\n`,
      },
    },
    {
      name: 'default namespace',
      files: {
        'a.yaml': workload('Deployment', { namespace: 'default' }),
        'p.yaml': policy('{podSelector: {}}').replace(', namespace: shop', ''),
      },
    },
    {
      name: 'open in one direction, limited in the other',
      files: {
        'a.yaml': workload(),
        'p.yaml': `${policy('{podSelector: {}, ingress: [{}]}')}---\n${policy('{podSelector: {}, policyTypes: [Egress]}')}`,
      },
    },
    {
      name: 'kustomize gives both the namespace',
      files: {
        'kustomization.yaml': 'namespace: shop\nresources: [a.yaml, p.yaml]\n',
        'a.yaml': workload('Deployment', { namespace: 'x' }),
        'p.yaml': policy('{podSelector: {}}', { namespace: 'y' }),
      },
    },
    {
      name: 'kustomize gives the label',
      files: {
        'kustomization.yaml': 'commonLabels: {team: a}\nresources: [a.yaml, p.yaml]\n',
        'a.yaml': workload(),
        'p.yaml': policy('{podSelector: {matchLabels: {team: a}}}'),
      },
    },
    { name: 'chart, switched on', files: chart(true) },
    {
      name: 'Terraform',
      files: {
        'a.yaml': workload(),
        'main.tf':
          'resource "kubernetes_network_policy_v1" "x" {\n  metadata {\n    name = "p"\n    namespace = "shop"\n  }\n  spec {\n    pod_selector {\n      match_labels = {\n        app = "web"\n      }\n    }\n    policy_types = ["Ingress"]\n  }\n}\n',
      },
    },
    { name: 'a part of the cluster', files: { 'a.yaml': workload('DaemonSet', { namespace: 'kube-system' }) } },
    {
      name: 'host network with a host policy',
      files: {
        'a.yaml': workload('DaemonSet', { more: '        hostNetwork: true\n' }),
        'p.yaml': policy('{nodeSelector: {}, ingress: []}', {
          apiVersion: 'cilium.io/v2',
          kind: 'CiliumClusterwideNetworkPolicy',
        }),
      },
    },
  ],
  invalid: [
    {
      name: 'a policy for pods that an operator makes and a service names',
      files: {
        'a.yaml': workload(),
        's.yaml':
          'apiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: shop}\nspec: {selector: {app: db, role: main}}\n',
        'p.yaml': policy(`{podSelector: {matchLabels: {app: db}}, ${RULES}}`),
      },
      findings: [{ message: 'unselected', at: 'a.yaml:4' }],
      skip,
    },
    ...lookAlikes.map(([name, text, message]) => ({
      name,
      files: { 'a.yaml': workload(), 'p.yaml': text },
      findings: [{ message, at: message === 'none' ? 'a.yaml:5' : 'a.yaml:4', confidence: 'high' as const }],
      skip,
    })),
    {
      name: 'deny beside an open one',
      files: {
        'a.yaml': workload(),
        'p.yaml': `${policy('{podSelector: {}, ingress: [{}]}')}---\n${policy('{podSelector: {}}')}`,
      },
      findings: [{ message: 'open', at: 'a.yaml:4', confidence: 'low' }],
      skip,
    },
    {
      name: 'mesh that denies',
      files: { 'a.yaml': workload(), 'p.yaml': of('security.istio.io/v1', 'AuthorizationPolicy', '{}') },
      findings: [{ message: 'none', at: 'a.yaml:5', confidence: 'low' }],
      skip,
    },
    {
      name: 'a label that kustomize adds to no empty selector',
      files: {
        'one/kustomization.yaml': 'commonLabels: {team: a}\nnamespace: shop\nresources: [p.yaml]\n',
        'one/p.yaml': policy('{podSelector: {}, ingress: [{}]}'),
        'a.yaml': workload(),
      },
      findings: [{ message: 'open', at: 'a.yaml:4' }],
      skip,
    },
    {
      name: 'a manifest that a kustomization holds as well',
      files: {
        'manifests/kustomization.yaml': 'resources: [a.yaml]\n',
        'manifests/a.yaml': bare,
        'manifests/b.yaml': bare.replace(/name: web/g, 'name: load'),
        'overlays/base/kustomization.yaml': 'resources: [a.yaml, b.yaml]\n',
        'overlays/base/a.yaml': bare,
        'overlays/base/b.yaml': `${bare.replace(/name: web/g, 'name: load')}# the same\n`,
      },
      findings: none('manifests/a.yaml:4'),
      skip: ['comment'],
    },
    {
      name: 'copies, applied in either way',
      files: {
        'a/web.yaml': bare,
        'b/kustomization.yaml': 'resources: [web.yaml]\n',
        'b/web.yaml': bare.replace('image: x', 'image: registry.example.org/shop/x:v1'),
        Makefile: 'up:\n\tkubectl apply -k b\nplain:\n\tkubectl apply -f a\n',
      },
      findings: none('a/web.yaml:4'),
      skip,
    },
    {
      name: 'no copy: another program under the name',
      files: { 'a/web.yaml': bare, 'b/web.yaml': bare.replace('image: x', 'image: y') },
      findings: [...none('a/web.yaml:4'), ...none('b/web.yaml:4')],
      skip,
    },
    {
      name: 'one base in two namespaces',
      files: {
        'base/kustomization.yaml': 'resources: [a.yaml]\n',
        'base/a.yaml': workload('Deployment', { namespace: 'default' }),
        'one/kustomization.yaml': 'namespace: one\nresources: [../base, ns.yaml]\n',
        'one/ns.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: one\n',
        'two/kustomization.yaml': 'namespace: two\nresources: [../base, ns.yaml]\n',
        'two/ns.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: two\n',
      },
      findings: [
        { message: 'none', at: 'one/ns.yaml:4' },
        { message: 'none', at: 'two/ns.yaml:4' },
      ],
      skip: ['comment'],
    },
    ...missed.map(([name, spec]) => ({
      name: `missed: ${name}`,
      files: { 'a.yaml': workload(), 'p.yaml': policy(spec) },
      findings: [
        { message: 'unselected', at: 'a.yaml:4' },
        { message: 'useless', at: 'p.yaml:3', confidence: 'low' as const },
      ],
      skip,
    })),
    {
      name: 'a kustomization that names two namespaces, and a policy without one',
      files: {
        'kustomization.yaml': 'resources: [a.yaml, b.yaml, p.yaml]\n',
        'a.yaml': workload(),
        'b.yaml': workload('Deployment', { namespace: 'b' }),
        'p.yaml': policy('{podSelector: {}}').replace(', namespace: shop', ''),
      },
      findings: [...none('a.yaml:5'), ...none('b.yaml:5')],
      skip,
    },
    {
      name: 'a policy for pods of somebody else',
      files: {
        'a.yaml': workload(),
        'p.yaml': policy(`{podSelector: {matchLabels: {app.kubernetes.io/name: vault}}, ${RULES}}`),
      },
      findings: [{ message: 'unselected', at: 'a.yaml:4' }],
      skip,
    },
    {
      name: 'files without a namespace, beside a policy without one and in another folder',
      files: {
        'one/p.yaml': policy(`{podSelector: {matchLabels: {app: api}}, ${RULES}}`).replace(', namespace: shop', ''),
        'one/a.yaml': bare,
        'one/b.yaml': bare.replace('{app: web}', '{app: api}').replace('name: web', 'name: api'),
        'two/a.yaml': bare.replace('name: web', 'name: two'),
        'two/b.yaml': bare.replace('name: web', 'name: three'),
      },
      findings: [
        { message: 'unselected', at: 'one/a.yaml:4' },
        { message: 'none', at: 'two/a.yaml:4' },
      ],
      skip,
    },
    {
      name: 'one object in two files',
      files: {
        'a.yaml': workload(),
        'all/a.yaml': `# all\n${workload()}`,
        'p.yaml': policy(`{podSelector: {matchExpressions: [{key: x, operator: Exists}]}, ${RULES}}`),
      },
      findings: [{ message: 'unselected', at: 'a.yaml:4' }],
      skip,
    },
    {
      name: 'development comes after what is for real',
      files: {
        'base/kustomization.yaml': 'resources: [a.yaml]\n',
        'base/a.yaml': workload(),
        'dev/kustomization.yaml': 'namespace: dev\nresources: [../base]\n',
        'live/kustomization.yaml': 'namespace: live\nresources: [../base]\n',
      },
      findings: [
        { message: 'none', at: 'dev/kustomization.yaml:1', confidence: 'low' },
        { message: 'none', at: 'live/kustomization.yaml:1', confidence: 'high' },
      ],
      skip,
    },
    {
      name: "a chart that names the release's namespace",
      files: {
        ...chart(false),
        'c/templates/d.yaml': chart(false)['c/templates/d.yaml'].replace(
          'metadata:\n',
          'metadata:\n  namespace: {{ .Release.Namespace }}\n',
        ),
        'p.yaml': policy('{podSelector: {}}', { namespace: 'default' }),
      },
      findings: none('c/templates/d.yaml:5'),
      skip,
    },
    {
      name: 'a chart and manifests that commands put where nobody says, without a policy',
      files: {
        ...chart(false),
        'up.sh': 'helm install c ./c\nkubectl apply -f k8s/a.yaml\nkubectl apply -f k8s/b.yaml\n',
        'k8s/a.yaml': bare,
        'k8s/b.yaml': workload('StatefulSet', { namespace: 'default' }),
      },
      findings: none('k8s/b.yaml:5'),
      skip,
    },
    {
      name: 'a namespace that nobody knows, and profiles and scripts for developers',
      files: {
        'up.sh': 'kubectl apply -f k8s -n "$NS"\n',
        'dev/up.sh': 'kubectl apply -f k8s -n shop\n',
        'skaffold.yaml':
          'apiVersion: skaffold/v4beta6\nkind: Config\nprofiles: [{name: dev, manifests: {rawYaml: [k8s/*]}, deploy: {kubectl: {defaultNamespace: shop}}}]\n',
        'k8s/a.yaml': bare,
        'p.yaml': policy('{podSelector: {}}'),
      },
      findings: none('k8s/a.yaml:4'),
      skip,
    },
    {
      name: 'a namespace that archives, other commands, tests and applications for developers name',
      files: {
        'archive/up.sh': 'kubectl apply -f k8s -n shop\n',
        'down.sh': 'kubectl delete -f k8s -n shop\nkustomize build k8s | kubectl diff -n shop -f -\n',
        '.github/workflows/e2e.yml':
          'on: push\njobs:\n  d:\n    runs-on: x\n    steps:\n      - run: kubectl apply -f k8s -n shop\n',
        'dev/app.yaml':
          'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {source: {path: k8s}, destination: {namespace: shop}}\n',
        'k8s/a.yaml': bare,
        'k8s/kustomization.yaml': 'resources: [a.yaml]\n',
        'p.yaml': policy('{podSelector: {}}'),
      },
      findings: none('k8s/a.yaml:4'),
      skip,
    },
    {
      name: 'one folder in two namespaces',
      files: {
        'up.sh': 'kubectl apply -f k8s -n shop\nkubectl apply -f k8s -n live\nkubectl delete -f k8s -n old\n',
        'k8s/a.yaml': bare,
        'p.yaml': policy('{podSelector: {}}'),
      },
      findings: none('k8s/a.yaml:4'),
      skip,
    },
    {
      name: 'a chart and manifests in one namespace',
      files: { ...chart(false), 'up.sh': 'helm install c c -n shop\n', 'z.yaml': workload() },
      findings: none('z.yaml:5'),
      skip,
    },
    { name: 'no policy', files: { 'a.yaml': workload() }, findings: none('a.yaml:5'), skip },
    {
      name: 'no policy, one cause for all',
      files: {
        'a.yaml': workload(),
        'b.yaml': workload('StatefulSet'),
        'n.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n',
      },
      findings: none('n.yaml:4'),
      skip,
    },
    {
      name: 'default namespace without one',
      files: { 'a.yaml': workload('Deployment', { namespace: 'default' }) },
      findings: none('a.yaml:5'),
      skip,
    },
    {
      name: 'the default namespace, with and without its name',
      files: {
        'a.yaml': workload('Deployment', { namespace: 'default' }).replace('  namespace: default\n', ''),
        'b.yaml': workload('StatefulSet', { namespace: 'default' }),
      },
      findings: none('b.yaml:5'),
      skip,
    },
    {
      name: 'a policy and a namespace of tests',
      files: {
        'a.yaml': workload(),
        'archive/b.yaml': workload('StatefulSet'),
        'tests/n.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n',
        'tests/p.yaml': policy('{podSelector: {}}'),
      },
      findings: none('a.yaml:5'),
      skip,
    },
    {
      name: 'policy in another namespace',
      files: { 'a.yaml': workload(), 'p.yaml': policy('{podSelector: {}}', { namespace: 'other' }) },
      findings: none('a.yaml:5'),
      skip,
    },
    {
      name: 'one of two namespaces',
      files: {
        'a.yaml': workload(),
        'b.yaml': workload('Deployment', { namespace: 'b' }),
        'p.yaml': policy('{podSelector: {}}'),
      },
      findings: none('b.yaml:5'),
      skip,
    },
    {
      name: 'only in a comment',
      files: { 'a.yaml': workload(), 'p.yaml': policy('{podSelector: {}}').replace(/^/gm, '# ') },
      findings: none('a.yaml:5'),
      skip,
    },
    ...['StatefulSet', 'DaemonSet', 'CronJob'].map((kind) => ({
      name: `${kind} without one`,
      files: { 'a.yaml': workload(kind) },
      findings: none('a.yaml:5'),
      skip,
    })),
    {
      name: 'allow all',
      files: {
        'a.yaml': workload(),
        'p.yaml': policy('{podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{}], egress: [{}]}'),
      },
      findings: [{ message: 'open', at: 'a.yaml:4' }],
      skip,
    },
    {
      name: 'host network',
      files: {
        'a.yaml': workload('DaemonSet', { more: '        hostNetwork: true\n' }),
        'p.yaml': policy('{podSelector: {}}'),
      },
      findings: [{ message: 'host', at: 'a.yaml:4', severity: 'low', confidence: 'low' }],
      skip,
    },
    {
      name: 'host network of a service',
      files: {
        'a.yaml': workload('Deployment', { more: '        hostNetwork: true\n' }),
        'p.yaml': policy('{podSelector: {}}'),
      },
      findings: [{ message: 'host', at: 'a.yaml:4', severity: 'low', confidence: 'high' }],
      skip,
    },
    { name: 'chart, switched off', files: chart(false), findings: none('c/templates/d.yaml:4'), skip },
    {
      name: 'two overlays, one with a policy',
      files: {
        'base/kustomization.yaml': 'resources: [a.yaml]\n',
        'base/a.yaml': workload(),
        'a/kustomization.yaml': 'namespace: a\nresources: [../base, p.yaml]\n',
        'a/p.yaml': policy('{podSelector: {}}'),
        'b/kustomization.yaml': 'namespace: b\nresources: [../base]\n',
      },
      findings: none('b/kustomization.yaml:1'),
      skip,
    },
    {
      name: 'the manifest of the namespace in the base: two overlays, one with a policy',
      files: {
        'base/kustomization.yaml': 'resources: [a.yaml, ns.yaml]\n',
        'base/a.yaml': workload(),
        'base/ns.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n',
        'a/kustomization.yaml': 'namespace: a\nresources: [../base, p.yaml]\n',
        'a/p.yaml': policy('{podSelector: {}}'),
        'b/kustomization.yaml': 'namespace: b\nresources: [../base]\n',
      },
      findings: none('b/kustomization.yaml:1'),
      skip,
    },
    {
      name: 'a policy of a component that nobody uses',
      files: {
        'a.yaml': workload(),
        'c/kustomization.yaml': 'kind: Component\nresources: [p.yaml]\n',
        'c/p.yaml': policy('{podSelector: {}}'),
      },
      findings: none('a.yaml:5'),
      skip,
    },
    {
      name: 'Calico for others',
      files: {
        'a.yaml': workload(),
        'p.yaml': policy("{selector: app != 'web'}", { apiVersion: 'projectcalico.org/v3' }),
      },
      findings: [
        { message: 'unselected', at: 'a.yaml:4' },
        { message: 'useless', at: 'p.yaml:3' },
      ],
      skip,
    },
    {
      name: 'a policy for pods that are applied elsewhere',
      files: {
        'a.yaml': workload(),
        'p.yaml': policy('{podSelector: {matchLabels: {app: pi}}}'),
        'b/kustomization.yaml': 'resources: [b.yaml]\n',
        'b/b.yaml': bare.replace('app: web', 'app: pi'),
        Makefile: 'up:\n\tkustomize build b | kubectl apply -n other -f -\n',
      },
      findings: [
        { message: 'unselected', at: 'a.yaml:4' },
        { message: 'none', at: 'b/b.yaml:4' },
        { message: 'useless', at: 'p.yaml:3' },
      ],
      skip,
    },
    {
      name: 'a policy for pods of a pipe into its namespace',
      files: {
        'a.yaml': workload(),
        'p.yaml': policy('{podSelector: {matchLabels: {app: pi}}}'),
        'b/kustomization.yaml': 'resources: [b.yaml]\n',
        'b/b.yaml': bare.replace('app: web', 'app: pi'),
        Makefile: 'up:\n\tkustomize build b | kubectl apply -n shop -f -\n',
      },
      findings: [{ message: 'unselected', at: 'a.yaml:4' }],
      skip,
    },
    {
      name: 'a policy for pods whose namespace is open',
      files: {
        'a.yaml': workload(),
        'p.yaml': policy('{podSelector: {matchLabels: {app: pi}}}'),
        'b/b.yaml': bare.replace('app: web', 'app: pi'),
        Makefile: 'up:\n\tkubectl apply -n "$(SPACE)" -f b/b.yaml\n',
      },
      findings: [
        { message: 'unselected', at: 'a.yaml:4' },
        { message: 'none', at: 'b/b.yaml:4' },
      ],
      skip,
    },
    {
      name: 'a policy beside remote parts',
      files: {
        'a.yaml': workload(),
        'k/kustomization.yaml': 'namespace: shop\nresources: [p.yaml, "https://git.example.org/x/y//base?ref=v1"]\n',
        'k/p.yaml': policy('{podSelector: {matchLabels: {app: pi}}}'),
      },
      findings: [{ message: 'unselected', at: 'a.yaml:4' }],
      skip,
    },
    {
      name: 'a policy beside remote parts for another namespace',
      files: {
        'a.yaml': workload(),
        'p.yaml': policy('{podSelector: {matchLabels: {app: pi}}}'),
        'k/kustomization.yaml': 'namespace: other\nresources: ["https://git.example.org/x/y//base?ref=v1"]\n',
      },
      findings: [
        { message: 'unselected', at: 'a.yaml:4' },
        { message: 'useless', at: 'p.yaml:3' },
      ],
      skip,
    },
    {
      name: 'a policy beside a build that is not read as a whole',
      files: {
        'a.yaml': workload(),
        'p.yaml': policy('{podSelector: {matchLabels: {app: pi}}}'),
        'k/kustomization.yaml': 'resources: [big.yaml]\n',
        'k/big.yaml': `${workload('Deployment', { labels: '{app: pi}' })}# ${'x'.repeat(3_000_000)}\n`,
      },
      findings: [{ message: 'unselected', at: 'a.yaml:4' }],
      skip,
    },
    {
      name: 'sandboxes that are left to others',
      files: { 'a.yaml': sandbox('networkPolicyManagement: Unmanaged, podTemplate: ') },
      findings: none('a.yaml:3'),
      skip,
    },
    {
      name: 'mesh rule that denies some',
      files: {
        'a.yaml': workload(),
        'p.yaml': policy('{action: DENY, rules: [{}]}', {
          apiVersion: 'security.istio.io/v1',
          kind: 'AuthorizationPolicy',
        }),
      },
      findings: none('a.yaml:5'),
      skip,
    },
  ],
  notApplicable: [
    { name: 'nothing', files: { 'a.txt': 'x' } },
    {
      name: 'workload of a component that nobody uses',
      files: { 'c/kustomization.yaml': 'kind: Component\nresources: [a.yaml]\n', 'c/a.yaml': workload() },
    },
    { name: 'a policy without workloads', files: { 'p.yaml': policy('{podSelector: {}}') } },
  ],
});
