import { describe, expect, test } from '@jest/globals';
import { edgeFor } from '../../src/facts/edge/behind.ts';
import { extractors } from '../../src/facts/index.ts';
import { factsOfFiles } from '../facts-of.ts';

const COMPOSE = `services:
  proxy:
    image: nginx:1.27
    ports: ["443:443"]
    volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]
  api:
    build: ./api
  admin:
    build: ./admin
    ports: ["9000:9000"]
`;
const NGINX = `events {}
http {
  limit_req_zone $binary_remote_addr zone=login:10m rate=5r/m;
  limit_req_zone $binary_remote_addr zone=all:10m rate=10r/s;
  add_header X-Frame-Options DENY always;
  upstream backend {
    server api:8000;
  }
  server {
    listen 443 ssl;
    location /admin/ { proxy_pass http://admin:9000; limit_req zone=all; }
    location /v1/ {
      set $target backend;
      limit_req zone=all burst=20;
      location ~ ^/v1/(login|register)$ { limit_req zone=login; proxy_pass http://$target; }
      proxy_pass http://backend;
    }
    location /old/ { proxy_pass http://backend/; }
  }
}
`;
const files = { 'nginx.conf': NGINX, 'compose.yaml': COMPOSE, 'api/main.py': '', 'admin/main.py': '' };
const edge = async (tree: Record<string, string>) => (await factsOfFiles(extractors, tree)).linked(edgeFor);

describe('what stands in front of an application', () => {
  test('headers and limits of nginx reach the service that compose builds', async () => {
    const { ways, headers, limit } = await edge(files);
    expect(ways('api/main.py').map(({ path, inner }) => [path, inner])).toEqual([
      ['/v1/', '/v1/'],
      ['/v1/login', '/v1/login'],
      ['/v1/register', '/v1/register'],
      ['/old/', '/'],
    ]);
    expect([...headers('api/main.py').keys()]).toEqual(['x-frame-options']);
    // The other way to it has no limit.
    expect(limit('api/main.py', '/v1/login')).toBeUndefined();
    const one = await edge({ ...files, 'nginx.conf': NGINX.replace(/ {4}location \/old.*\n/, '') });
    expect(one.limit('api/main.py', '/v1/login')).toMatchObject({ name: 'limit_req login', perMinute: 5 });
    expect(one.limit('api/main.py', '/v1/items/')).toMatchObject({ name: 'limit_req all', perMinute: 600 });
    expect(one.limit('api/main.py', '/other')).toBeUndefined();
  });

  test('a published port leads past the edge', async () => {
    expect((await edge(files)).ways('admin/main.py')).toEqual([]);
  });

  test('localhost means the only application', async () => {
    const tree = {
      'nginx.conf':
        'server {\n  listen 443 ssl;\n  add_header X-A b always;\n  location / {\n    proxy_pass http://127.0.0.1:8000;\n  }\n}\n',
      'app.py': '',
    };
    const { headers } = await edge(tree);
    expect(headers('app.py').size).toBe(0);
    expect(headers('app.py', true).size).toBe(1);
  });

  test('configuration of examples proves nothing', async () => {
    const moved = { 'examples/nginx.conf': NGINX, 'compose.yaml': COMPOSE, 'api/main.py': '' };
    expect((await edge(moved)).ways('api/main.py')).toEqual([]);
  });

  test('services of one folder are told apart by their commands', async () => {
    const tree = {
      'nginx.conf': 'server {\n  listen 443 ssl;\n  location / {\n    proxy_pass http://web;\n  }\n}\n',
      'compose.yaml':
        'services:\n  web:\n    build: .\n    command: uvicorn src.web:app\n  jobs:\n    build: .\n    command: python -m src.jobs.main\n',
      'src/web.py': '',
      'src/jobs/main.py': '',
    };
    const { ways } = await edge(tree);
    expect(ways('src/web.py')).toHaveLength(1);
    expect(ways('src/jobs/main.py')).toHaveLength(0);
  });
});

const SERVICE =
  'apiVersion: v1\nkind: Service\nmetadata:\n  name: api\nspec:\n  selector: {app: api}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\nspec:\n  selector:\n    matchLabels: {app: api}\n  template:\n    metadata:\n      labels: {app: api}\n    spec:\n      containers:\n        - name: api\n          image: shop/api:1\n';
const ingress = (name: string, annotations: string) =>
  `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\n  annotations:\n    team: a\n${annotations}spec:\n  ingressClassName: ${name}\n  rules:\n    - http:\n        paths:\n          - path: /v1\n            pathType: Prefix\n            backend: {service: {name: api, port: {number: 80}}}\n`;
const build = 'services:\n  api:\n    build: ./api\n';

describe('limits', () => {
  test.each<[string, Record<string, string>, number | undefined]>([
    [
      'Caddy',
      {
        Caddyfile:
          'shop.example {\n\trate_limit {\n\t\tzone login {\n\t\t\tkey {remote_host}\n\t\t\tevents 10\n\t\t\twindow 30s\n\t\t}\n\t}\n\thandle_path /shop/* {\n\t\treverse_proxy api:8000\n\t}\n}\n',
      },
      20,
    ],
    [
      'HAProxy',
      {
        'haproxy.cfg':
          'frontend web\n  mode http\n  bind :443\n  stick-table type ip size 1m expire 10m store http_req_rate(10s)\n  http-request track-sc0 src\n  acl busy sc_http_req_rate(0) gt 20\n  http-request deny deny_status 429 if busy\n  default_backend apis\nbackend apis\n  server a api:8000 check\n',
      },
      120,
    ],
    [
      'labels of Traefik',
      {
        'compose.yaml':
          'services:\n  api:\n    build: ./api\n    labels:\n      - traefik.http.routers.api.rule=Host(`a`) && PathPrefix(`/v1`)\n      - traefik.http.routers.api.middlewares=slow\n      - traefik.http.middlewares.slow.ratelimit.average=30\n      - traefik.http.middlewares.slow.ratelimit.period=1m\n',
      },
      30,
    ],
    [
      'a file of Traefik',
      {
        'traefik.toml':
          '[http.routers.api]\n  rule = "Host(`a`)"\n  service = "api"\n  middlewares = ["slow"]\n[http.middlewares.slow.rateLimit]\n  average = 2\n[[http.services.api.loadBalancer.servers]]\n  url = "http://api:8000"\n',
      },
      120,
    ],
    [
      'ingress-nginx',
      { 'k8s.yaml': `${ingress('nginx', '    nginx.ingress.kubernetes.io/limit-rpm: "10"\n')}---\n${SERVICE}` },
      10,
    ],
    [
      'Kong',
      {
        'k8s.yaml': `${ingress('kong', '    konghq.com/plugins: slow\n')}---\napiVersion: configuration.konghq.com/v1\nkind: KongPlugin\nmetadata:\n  name: slow\nplugin: rate-limiting\nconfig:\n  minute: 5\n---\n${SERVICE}`,
      },
      5,
    ],
    [
      'a file of Kong',
      {
        'kong.yaml':
          '_format_version: "3.0"\nservices:\n  - name: api\n    url: http://api:8000\n    routes:\n      - paths: [/shop]\n        plugins:\n          - name: rate-limiting\n            config: {second: 5, minute: 60}\n',
      },
      60,
    ],
    [
      'the firewall of a distribution',
      {
        'cdn.tf':
          'resource "aws_cloudfront_distribution" "cdn" {\n  web_acl_id = aws_wafv2_web_acl.main.arn\n  origin {\n    domain_name = "api"\n  }\n  default_cache_behavior {\n    target_origin_id = "x"\n  }\n}\nresource "aws_wafv2_web_acl" "main" {\n  rule {\n    statement {\n      rate_based_statement {\n        limit = 500\n      }\n    }\n  }\n}\n',
      },
      100,
    ],
    [
      'HAProxy ingress',
      {
        'k8s.yaml': `${ingress('haproxy', '    haproxy.org/rate-limit-requests: "15"\n    haproxy.org/rate-limit-period: 30s\n')}---\n${SERVICE}`,
      },
      30,
    ],
    [
      'a route of Traefik',
      {
        'k8s.yaml': `apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata:\n  name: web\nspec:\n  routes:\n    - match: PathPrefix(\`/v1\`)\n      middlewares: [{name: slow}]\n      services: [{name: api}]\n---\napiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata:\n  name: slow\nspec:\n  rateLimit: {average: 1}\n---\n${SERVICE}`,
      },
      60,
    ],
    [
      'Envoy Gateway',
      {
        'k8s.yaml': `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: web\nspec:\n  parentRefs: [{name: public}]\n  rules:\n    - matches: [{path: {type: PathPrefix, value: /v1}}]\n      backendRefs: [{name: api}]\n---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: BackendTrafficPolicy\nmetadata:\n  name: slow\nspec:\n  targetRefs: [{kind: HTTPRoute, name: web}]\n  rateLimit:\n    local:\n      rules:\n        - limit: {requests: 8, unit: Minute}\n---\n${SERVICE}`,
      },
      8,
    ],
    [
      'Istio',
      {
        'k8s.yaml': `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: web\nspec:\n  gateways: [public]\n  http:\n    - match: [{uri: {prefix: /v1}}]\n      route: [{destination: {host: api.default.svc.cluster.local}}]\n---\napiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata:\n  name: slow\nspec:\n  configPatches:\n    - applyTo: HTTP_FILTER\n      match: {context: GATEWAY}\n      patch:\n        operation: INSERT_BEFORE\n        value:\n          name: envoy.filters.http.local_ratelimit\n          typed_config:\n            value:\n              token_bucket: {max_tokens: 4, tokens_per_fill: 4, fill_interval: 60s}\n              filter_enabled: {default_value: {numerator: 100}}\n---\n${SERVICE}`,
      },
      4,
    ],
    [
      'Envoy',
      {
        'envoy.yaml':
          'static_resources:\n  listeners:\n    - address:\n        socket_address: {address: 0.0.0.0, port_value: 443}\n      filter_chains:\n        - filters:\n            - name: envoy.filters.network.http_connection_manager\n              typed_config:\n                route_config:\n                  virtual_hosts:\n                    - name: web\n                      domains: ["*"]\n                      routes:\n                        - match: {prefix: "/"}\n                          route: {cluster: apis}\n                http_filters:\n                  - name: envoy.filters.http.local_ratelimit\n                    typed_config:\n                      token_bucket: {max_tokens: 6, tokens_per_fill: 6, fill_interval: 60s}\n                      filter_enabled: {default_value: {numerator: 100}}\n  clusters:\n    - name: apis\n      load_assignment:\n        endpoints:\n          - lb_endpoints:\n              - endpoint: {address: {socket_address: {address: api, port_value: 8000}}}\n',
      },
      6,
    ],
    [
      'a dry run of nginx',
      {
        'nginx.conf': NGINX.replace('limit_req zone=all; }', '}')
          .replace('location /v1/ {', 'location /v1/ {\n limit_req_dry_run on;')
          .replace(/ {4}location \/old.*\n/, '')
          .replace(/ {6}location ~.*\n/, ''),
      },
      undefined,
    ],
  ])('%s', async (_name, tree, expected) => {
    const { limit, ways } = await edge({
      'compose.yaml': build,
      'api/Dockerfile': 'FROM python\n',
      ...tree,
      'api/main.py': '',
    });
    expect(ways('api/main.py').length).toBeGreaterThan(0);
    expect(limit('api/main.py', '/v1/login')?.perMinute).toBe(expected);
  });
});
