import { edgeSecurityHeaders } from '../../src/checks/edge-security-headers.ts';
import { testCheck } from '../check-tester.ts';

const FIVE: Readonly<Record<string, string>> = {
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  'Content-Security-Policy': "default-src 'self'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
};
const headers = (indent: string, change: Readonly<Record<string, string | undefined>> = {}, end = ' always;') =>
  Object.entries({ ...FIVE, ...change })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${indent}add_header ${name} "${value}"${end}\n`)
    .join('');
const server = (body: string, listen = '443 ssl') =>
  `server {\n  listen ${listen};\n  server_name shop.example;\n${body}  location / {\n    proxy_pass http://app:8080;\n  }\n}\n`;
const http = (body: string) => `events {}\nhttp {\n${body}}\n`;
const caddy = (body: string) => `shop.example {\n${body}\treverse_proxy app:8080\n}\n`;
const caddyHeaders = Object.entries(FIVE)
  .map(([name, value]) => `\t\t${name} "${value}"\n`)
  .join('');
const ingress = (annotations: string, spec = '') =>
  `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: shop\n  annotations:\n    team: a\n${annotations}spec:\n  ingressClassName: nginx\n${spec}  rules:\n    - host: shop.example\n`;
const middleware =
  'apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata:\n  name: sec\n  namespace: web\nspec:\n  headers:\n    stsSeconds: 31536000\n    contentSecurityPolicy: "default-src \'self\'"\n    contentTypeNosniff: true\n    frameDeny: true\n    referrerPolicy: no-referrer\n';
const ingressRoute = (middlewares: string) =>
  `apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata:\n  name: shop\n  namespace: web\nspec:\n  routes:\n    - match: Host("shop.example")\n${middlewares}      services:\n        - name: app\n`;
const distribution = (body: string) =>
  `resource "aws_cloudfront_distribution" "cdn" {\n  default_cache_behavior {\n    target_origin_id = "x"\n${body}  }\n}\n`;
const policy = (hsts: boolean) =>
  `resource "aws_cloudfront_response_headers_policy" "sec" {\n  security_headers_config {\n${
    hsts
      ? '    strict_transport_security {\n      access_control_max_age_sec = 31536000\n      override = true\n    }\n'
      : ''
  }    content_security_policy {\n      content_security_policy = "default-src 'self'"\n      override = true\n    }\n    content_type_options {\n      override = true\n    }\n    frame_options {\n      frame_option = "DENY"\n      override = true\n    }\n    referrer_policy {\n      referrer_policy = "same-origin"\n      override = true\n    }\n  }\n}\n`;

const gateway = (filters: string) =>
  `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: shop\nspec:\n  parentRefs:\n    - name: public\n  rules:\n    - backendRefs:\n        - name: app\n${filters}`;
const virtualService =
  'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: shop\nspec:\n  gateways: [public]\n  http:\n    - route:\n        - destination: {host: app}\n';
const envoy = (headers: string) =>
  `static_resources:\n  listeners:\n    - address:\n        socket_address: {address: 0.0.0.0, port_value: 443}\n      filter_chains:\n        - filters:\n            - name: envoy.filters.network.http_connection_manager\n              typed_config:\n                route_config:\n                  virtual_hosts:\n                    - name: shop\n                      domains: ["*"]\n${headers}                      routes:\n                        - match: {prefix: "/"}\n                          route: {cluster: app}\n                http_filters:\n                  - name: envoy.filters.http.router\n`;
const envoyHeaders = (indent: string) =>
  `${indent}response_headers_to_add:\n${Object.entries(FIVE)
    .map(([name, value]) => `${indent}  - header: {key: ${name}, value: "${value}"}\n`)
    .join('')}`;
const foreign = (name: string, annotations: string) =>
  ingress(annotations).replace('ingressClassName: nginx', `ingressClassName: ${name}`);

const caddyJson = (response: object, more: object = {}) =>
  JSON.stringify({
    apps: {
      http: {
        servers: {
          web: {
            listen: [':443'],
            routes: [
              {
                match: [{ host: ['shop.example'] }],
                handle: [
                  {
                    handler: 'subroute',
                    routes: [
                      { handle: [{ handler: 'headers', response }] },
                      { handle: [{ handler: 'reverse_proxy', upstreams: [{ dial: 'app:8080' }] }] },
                    ],
                  },
                ],
              },
              ...Object.values(more),
            ],
          },
        },
      },
    },
  });
const fiveLists = Object.fromEntries(Object.entries(FIVE).map(([name, value]) => [name, [value]]));
const caddyLabels = (lines: readonly string[]) =>
  `services:\n  app:\n    image: app\n    labels:\n      caddy: shop.example\n${lines.map((line) => `      ${line}\n`).join('')}      caddy.reverse_proxy: "{{upstreams 8080}}"\n`;
const fiveLabels = (prefix: string) => Object.entries(FIVE).map(([name, value]) => `${prefix}.${name}: "${value}"`);
const frontDoorRoute = (sets: string) => `resource "azurerm_cdn_frontdoor_route" "shop" {\n  name = "shop"\n${sets}}\n`;
const frontDoorRule = (condition = '') =>
  `resource "azurerm_cdn_frontdoor_rule_set" "sec" {\n  name = "sec"\n}\nresource "azurerm_cdn_frontdoor_rule" "sec" {\n  cdn_frontdoor_rule_set_id = azurerm_cdn_frontdoor_rule_set.sec.id\n${condition}  actions {\n${Object.entries(
    FIVE,
  )
    .map(
      ([name, value]) =>
        `    response_header_action {\n      header_action = "Overwrite"\n      header_name = "${name}"\n      value = "${value}"\n    }\n`,
    )
    .join('')}  }\n}\n`;
const applicationGateway = (rule: string, condition = '') =>
  `resource "azurerm_application_gateway" "edge" {\n  request_routing_rule {\n    name = "shop"\n    rule_type = "Basic"\n${rule}  }\n  rewrite_rule_set {\n    name = "sec"\n    rewrite_rule {\n      name = "sec"\n${condition}${Object.entries(
    FIVE,
  )
    .map(
      ([name, value]) =>
        `      response_header_configuration {\n        header_name = "${name}"\n        header_value = "${value}"\n      }\n`,
    )
    .join('')}    }\n  }\n}\n`;
const cdnEndpoint = (rule: string) =>
  `resource "azurerm_cdn_endpoint" "cdn" {\n  ${rule} {\n${rule === 'delivery_rule' ? '    request_scheme_condition {\n      match_values = ["HTTP"]\n    }\n' : ''}${Object.entries(
    FIVE,
  )
    .map(
      ([name, value]) =>
        `    modify_response_header_action {\n      action = "Append"\n      name = "${name}"\n      value = "${value}"\n    }\n`,
    )
    .join('')}  }\n}\n`;
const plainGateway = (namespace: string) =>
  `apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata:\n  name: public\n  namespace: ${namespace}\nspec:\n  servers:\n    - port: {number: 80, name: http, protocol: HTTP}\n      hosts: ["*"]\n`;
const fourByService = `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: shop\n  namespace: web\nspec:\n  gateways: [public]\n  http:\n    - route:\n        - destination: {host: app}\n      headers:\n        response:\n          set:\n${Object.entries(
  FIVE,
)
  .filter(([name]) => !/transport/i.test(name))
  .map(([name, value]) => `            ${name}: "${value}"\n`)
  .join('')}`;
const setup = (command: string) => ({
  'setup.sh': `#!/bin/sh\ncat > /etc/nginx/sites-available/shop <<EOF\n${server(headers('  ', { 'Strict-Transport-Security': undefined }), '80')}EOF\n${command}\n`,
});
const behindTemplate = (port: string) => ({
  '.env': 'MAIL_HOST=mail\nMAIL_PORT=8025\n',
  'compose.yaml': `services:\n  front:\n    build: ./front\n    ports: ["443:443"]\n    environment:\n      - MAIL_HOST\n      - MAIL_PORT\n  mail:\n    build: ./mail\n    ports:\n      - ${port}\n`,
  'front/Dockerfile': 'FROM nginx\nCOPY nginx.conf.template /etc/nginx/templates/\n',
  'front/nginx.conf.template': server(headers('  ')).replace('http://app:8080', 'http://${MAIL_HOST}:${MAIL_PORT}'),
  'mail/Dockerfile': 'FROM nginx\nCOPY nginx.conf.template /etc/nginx/templates/\n',
  'mail/nginx.conf.template': server('', '${MAIL_PORT}'),
});
const behindRoute = (service: string, host: string) => ({
  'base/envoy.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: mail\ndata:\n  envoy.yaml: |\n${envoy('')
    .replace('443', '9090')
    .replace(/^(?=.)/gm, '    ')}`,
  'base/mail.yaml': `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: mail\nspec:\n  template:\n    metadata:\n      labels: {app: mail}\n    spec:\n      containers:\n        - name: mail\n          image: envoy\n      volumes:\n        - name: conf\n          configMap: {name: mail}\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: mail\nspec:\n  selector: {app: mail}\n  ports:\n    - port: 9090\n${service}`,
  'base/kustomization.yaml': 'namespace: web\nresources: [envoy.yaml, mail.yaml]\n',
  'gateway.yaml': plainGateway('istio-system'),
  'route/vs.yaml': fourByService.replace('host: app', `host: ${host}`),
});
const behindFront = (compose: string, front: string) => ({
  'compose.yaml': `services:\n  front:\n    image: nginx\n    ports: ["443:443"]\n  mail:\n    build: ./mail\n${compose}`,
  'front/nginx.conf': http(server(headers('  ')).replace('http://app:8080', front)),
  'mail/Dockerfile': 'FROM nginx\nCOPY nginx.conf /etc/nginx/\n',
  'mail/nginx.conf': server('', '80'),
});

const istioFilter = (labels: string, left = '') =>
  `apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata:\n  name: sec\nspec:\n${labels}  configPatches:\n    - applyTo: VIRTUAL_HOST\n      match: {context: GATEWAY}\n      patch:\n        operation: MERGE\n        value:\n${envoyHeaders(
    '          ',
  )
    .split('\n')
    .filter((line) => left === '' || !line.includes(left))
    .join('\n')}`;
const istioGateway = (name: string) =>
  `apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata:\n  name: ${name}\nspec:\n  selector: {istio: ${name}}\n  servers:\n    - port: {number: 443, name: https, protocol: HTTPS}\n      hosts: ["*"]\n`;
const serviceOf = (name: string, gateway: string) =>
  virtualService.replace('name: shop', `name: ${name}`).replace('[public]', `[${gateway}]`);
const frontend = (labels: readonly string[]) =>
  `services:\n  app:\n    image: app\n    labels:\n      - traefik.enable=true\n      - traefik.frontend.rule=Host:shop.example\n${labels.map((label) => `      - ${label}\n`).join('')}`;
const inCluster = (more: string) => ({
  'web.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  default.conf: |\n${server('').replace(/^(?=.)/gm, '    ')}---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    metadata:\n      labels: {app: web}\n    spec:\n      containers:\n        - name: web\n          image: nginx\n      volumes:\n        - name: conf\n          configMap: {name: web}\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  selector: {app: web}\n  ports:\n    - port: 443\n${more}`,
});
const sockets = (name: string, rule: string) =>
  `services:\n  app:\n    image: app\n    labels:\n      - traefik.http.routers.${name}.rule=${rule}\n`;
const template = (first: string, second: string) =>
  `AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  Sec:\n    Type: AWS::CloudFront::ResponseHeadersPolicy\n    Properties:\n      ResponseHeadersPolicyConfig:\n        Name: sec\n        SecurityHeadersConfig:\n          StrictTransportSecurity: {AccessControlMaxAgeSec: 31536000, Override: true}\n          ContentSecurityPolicy: {ContentSecurityPolicy: "default-src 'self'", Override: true}\n          ContentTypeOptions: {Override: true}\n          FrameOptions: {FrameOption: DENY, Override: true}\n          ReferrerPolicy: {ReferrerPolicy: same-origin, Override: true}\n  Other:\n    Type: AWS::CloudFront::ResponseHeadersPolicy\n    Properties:\n      ResponseHeadersPolicyConfig:\n        Name: other\n  Cdn:\n    Type: AWS::CloudFront::Distribution\n    Properties:\n      DistributionConfig:\n        DefaultCacheBehavior:\n          ResponseHeadersPolicyId: ${first}\n        CacheBehaviors:\n          - PathPattern: /api/*\n            ResponseHeadersPolicyId: ${second}\n`;
const setList = (indent: string) =>
  Object.entries(FIVE)
    .map(([name, value]) => `${indent}- {name: ${name}, value: "${value}", always: true}\n`)
    .join('');
const httpProxy = (more: string) =>
  `apiVersion: projectcontour.io/v1\nkind: HTTPProxy\nmetadata:\n  name: shop\nspec:\n  virtualhost: {fqdn: shop.example, tls: {secretName: t}}\n  routes:\n    - services:\n        - name: app\n          port: 80\n${more}`;
const virtualServer = (more: string) =>
  `apiVersion: k8s.nginx.org/v1\nkind: VirtualServer\nmetadata:\n  name: shop\nspec:\n  host: shop.example\n  tls: {secret: t}\n  upstreams: [{name: up, service: app, port: 80}]\n  routes:\n    - path: /\n      action:\n        proxy:\n          upstream: up\n${more}`;
const mapping = (more: string) =>
  `apiVersion: getambassador.io/v3alpha1\nkind: Mapping\nmetadata:\n  name: shop\nspec:\n  prefix: /\n  service: app:80\n${more}`;
const addedByEmissary = `  add_response_headers:\n${Object.entries(FIVE)
  .map(([name, value]) => `    ${name.toLowerCase()}: {value: "${value}"}\n`)
  .join('')}`;
const clientPolicy = (target: string) =>
  `apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: ClientTrafficPolicy\nmetadata: {name: p}\nspec:\n  targetRefs: [{kind: Gateway, name: ${target}}]\n  headers:\n    lateResponseHeaders:\n      set:\n${setList('        ')}`;
const appEngine = (handlers: string) => `runtime: python312\nhandlers:\n${handlers}`;
const otherService =
  '---\napiVersion: v1\nkind: Service\nmetadata:\n  name: front\nspec:\n  type: LoadBalancer\n  selector: {app: front}\n  ports:\n    - port: 443\n';

testCheck(edgeSecurityHeaders, {
  valid: [
    {
      name: 'HTTPProxy whose service has the headers',
      files: {
        'p.yaml': httpProxy(`          responseHeadersPolicy:\n            set:\n${setList('              ')}`),
      },
    },
    {
      name: 'VirtualServer with headers of the route',
      files: { 'v.yaml': virtualServer(`          responseHeaders:\n            add:\n${setList('              ')}`) },
    },
    {
      name: 'VirtualServer with a snippet',
      files: { 'v.yaml': virtualServer(`  server-snippets: |\n${headers('    ')}`) },
    },
    { name: 'Mapping with headers', files: { 'm.yaml': mapping(addedByEmissary) } },
    {
      name: 'a policy of Envoy Gateway for the gateway',
      files: { 'r.yaml': gateway(''), 'p.yaml': clientPolicy('public') },
      subjects: 1,
    },
    {
      name: 'Caddy, a snippet for whole sites',
      files: {
        Caddyfile: `(site) {\n\t{args[0]} {\n\t\theader {\n${caddyHeaders}\t\t}\n\t\treverse_proxy {args[1]}\n\t}\n}\nimport site shop.example app:80\n`,
      },
      subjects: 1,
    },
    {
      name: 'a condition in a location that redirects',
      files: {
        'nginx.conf': http(
          `  server {\n    listen 443 ssl;\n${headers('    ')}    root /srv;\n    location /away/ {\n      if ($arg_z) {\n        add_header X-Other 1;\n      }\n      return 302 /;\n    }\n  }\n`,
        ),
      },
    },
    {
      name: 'HAProxy that takes out what a backend sends, and sets it as the answer leaves',
      files: {
        'haproxy.cfg': `frontend web\n  mode http\n  bind :443 ssl crt /c.pem\n${Object.entries(FIVE)
          .map(
            ([name, value]) =>
              `  http-after-response set-header ${name} "${value}"\n  http-response del-header ${name}\n`,
          )
          .join('')}  default_backend app\nbackend app\n  mode http\n  server a app:80\n`,
      },
      subjects: 1,
    },
    {
      name: 'static files of App Engine',
      files: {
        'app.yaml': appEngine(
          `- url: /.*\n  static_dir: www\n  http_headers:\n${Object.entries(FIVE)
            .map(([name, value]) => `    ${name}: "${value}"\n`)
            .join('')}`,
        ),
      },
      subjects: 1,
    },
    {
      name: 'a filter for the gateway of a service',
      files: {
        'gateway.yaml': istioGateway('public'),
        'filter.yaml': istioFilter('  workloadSelector:\n    labels: {istio: public}\n'),
        'vs.yaml': serviceOf('shop', 'public'),
      },
      subjects: 1,
    },
    {
      name: 'labels of the first version of Traefik',
      files: {
        'compose.yaml': frontend([
          'traefik.frontend.headers.STSSeconds=31536000',
          "traefik.frontend.headers.contentSecurityPolicy=default-src 'self'",
          'traefik.frontend.headers.contentTypeNosniff=true',
          'traefik.frontend.headers.customResponseHeaders=X-Frame-Options:DENY||Referrer-Policy:same-origin',
        ]),
      },
      subjects: 1,
    },
    {
      name: 'a frontend of the first version of Traefik in TOML',
      files: {
        'traefik.toml': `[entryPoints.https]\n  address = ":443"\n[frontends.shop]\n  backend = "app"\n[frontends.shop.routes.main]\n  rule = "Host:shop.example"\n[frontends.shop.headers]\n  STSSeconds = 31536000\n  contentSecurityPolicy = "default-src 'self'"\n  contentTypeNosniff = true\n  frameDeny = true\n[frontends.shop.headers.customResponseHeaders]\n  Referrer-Policy = "same-origin"\n`,
      },
      subjects: 1,
    },
    {
      name: 'an Ingress for the first version of Traefik',
      files: {
        'ingress.yaml': ingress(
          "    ingress.kubernetes.io/hsts-max-age: '31536000'\n    ingress.kubernetes.io/content-type-nosniff: 'true'\n    ingress.kubernetes.io/frame-deny: 'true'\n    ingress.kubernetes.io/referrer-policy: same-origin\n    ingress.kubernetes.io/custom-response-headers: \"Content-Security-Policy:default-src 'self'||X-Robots-Tag:none\"\n",
        ).replace('ingressClassName: nginx', 'ingressClassName: traefik'),
      },
      subjects: 1,
    },
    {
      name: 'behaviours of CloudFront in a template',
      files: { 'cdn.yaml': template('!Ref Sec', '!Ref Sec') },
      subjects: 1,
    },
    {
      name: 'a server behind another one, on any port of the machine, with a variable',
      files: behindTemplate('"${MAIL_PORT}"'),
      subjects: 2,
    },
    {
      name: 'a server behind another one, on any port of the machine, in the long form',
      files: behindTemplate('target: 8025'),
      subjects: 2,
    },
    {
      name: 'the only gateway of a bare name, in another namespace',
      files: { 'gateway.yaml': plainGateway('istio-system'), 'vs.yaml': fourByService },
    },
    { name: 'a script that only names certbot', files: setup('echo "run certbot --nginx"\n# certbot --nginx') },
    { name: 'a script that only asks for a certificate', files: setup('certbot certonly --nginx -d shop.example') },
    {
      name: 'Envoy of a ConfigMap behind a Service that a route names, and behind its full name',
      files: behindRoute('', 'mail.other.svc.cluster.local'),
      subjects: 2,
    },
    { name: 'Envoy of a ConfigMap with a type', files: behindRoute('  type: ClusterIP\n', 'mail'), subjects: 2 },
    { name: 'Caddy in JSON', files: { 'conf/caddy.json': caddyJson({ set: fiveLists }) }, subjects: 1 },
    { name: 'Caddy in labels', files: { 'compose.yaml': caddyLabels(fiveLabels('caddy.header')) }, subjects: 1 },
    {
      name: 'Caddy in labels, through a snippet of another container',
      files: {
        'compose.yaml': `${caddyLabels(['caddy.import: sec'])}  caddy:\n    image: caddy\n    labels:\n      caddy_1: (sec)\n${fiveLabels(
          'caddy_1.header',
        )
          .map((line) => `      ${line}\n`)
          .join('')}`,
      },
      subjects: 1,
    },
    {
      name: 'Azure Front Door',
      files: {
        'main.tf': `${frontDoorRoute('  cdn_frontdoor_rule_set_ids = [azurerm_cdn_frontdoor_rule_set.sec.id]\n')}${frontDoorRule()}`,
      },
      subjects: 1,
    },
    {
      name: 'Azure Application Gateway',
      files: { 'main.tf': applicationGateway('    rewrite_rule_set_name = "sec"\n') },
      subjects: 1,
    },
    {
      name: 'Azure Application Gateway that speaks plain HTTP',
      files: {
        'main.tf': applicationGateway(
          '    rewrite_rule_set_name = "sec"\n    http_listener_name = "web"\n  }\n  http_listener {\n    name = "web"\n    protocol = "Http"\n',
        ).replace('Strict-Transport-Security', 'X-Other'),
      },
      subjects: 1,
    },
    { name: 'Azure CDN', files: { 'main.tf': cdnEndpoint('global_delivery_rule') }, subjects: 1 },
    { name: 'a server behind another one', files: behindFront('', 'http://mail'), subjects: 2 },
    {
      name: 'a server that takes addresses from the one in front',
      files: {
        'front/nginx.conf': http(server(headers('  '))),
        'mail/nginx.conf': server('  set_real_ip_from {{ FRONT_ADDRESS or "front" }};\n', '80'),
      },
      subjects: 2,
    },
    { name: 'all at server level', files: { 'nginx.conf': http(server(headers('  '))) }, subjects: 1 },
    {
      name: 'no HSTS over plain HTTP',
      files: { 'nginx.conf': server(headers('  ', { 'Strict-Transport-Security': undefined }), '80') },
    },
    { name: 'all at http level', files: { 'nginx.conf': http(headers('  ') + server('')) } },
    {
      name: 'through an include',
      files: {
        'nginx/nginx.conf': http('  include /etc/nginx/conf.d/*.conf;\n'),
        'nginx/conf.d/shop.conf': server('  include snippets/security.conf;\n'),
        'nginx/snippets/security.conf': headers(''),
      },
      subjects: 1,
    },
    {
      name: 'http level of the file that includes the server',
      files: { 'nginx.conf': http(`${headers('  ')}  include conf.d/*.conf;\n`), 'conf.d/shop.conf': server('') },
      subjects: 1,
    },
    {
      name: 'repeated in a location with headers of its own',
      files: {
        'nginx.conf': server(
          `${headers('  ')}  location /static/ {\n    add_header Cache-Control "public";\n${headers('    ')}    root /srv;\n  }\n`,
        ),
      },
    },
    {
      name: 'only in the location for everything',
      files: {
        'nginx.conf': `server {\n  listen 443 ssl;\n  location / {\n${headers('    ')}    proxy_pass http://app;\n  }\n}\n`,
      },
    },
    {
      name: 'more_set_headers, which no level loses',
      files: {
        'nginx.conf': server(
          `  more_set_headers ${Object.entries(FIVE)
            .map(([name, value]) => `"${name}: ${value}"`)
            .join(' ')};\n  location /a/ {\n    add_header X-A b;\n    root /srv;\n  }\n`,
        ),
      },
    },
    {
      name: 'frame-ancestors instead of frame options',
      files: {
        'nginx.conf': server(
          headers('  ', {
            'X-Frame-Options': undefined,
            'Content-Security-Policy': "default-src 'self'; frame-ancestors 'none'",
          }),
        ),
      },
    },
    {
      name: 'redirect beside the real server',
      files: {
        'nginx.conf': http(
          `  server {\n    listen 80;\n    return 301 https://$host$request_uri;\n  }\n${server(headers('  '))}`,
        ),
      },
      subjects: 1,
    },
    {
      name: 'a location that only redirects keeps nothing',
      files: {
        'nginx.conf': server(
          `${headers('  ')}  location /old/ {\n    add_header X-Old y;\n    return 301 /new/;\n  }\n`,
        ),
      },
    },
    {
      name: 'a policy value from a map',
      files: { 'nginx.conf': server(headers('  ', { 'Referrer-Policy': '$referrer_policy' })) },
    },
    {
      name: 'a header over several lines',
      files: {
        'nginx.conf': server(headers('  ', { 'Content-Security-Policy': "default-src 'self';\n    img-src *" })),
      },
    },
    { name: 'Caddy with a header block', files: { Caddyfile: caddy(`\theader {\n${caddyHeaders}\t}\n`) }, subjects: 1 },
    {
      name: 'Caddy with a snippet',
      files: { Caddyfile: `(sec) {\n\theader {\n${caddyHeaders}\t}\n}\n${caddy('\timport sec\n')}` },
    },
    {
      name: 'Caddy redirect and site',
      files: {
        Caddyfile: `www.shop.example {\n\tredir https://shop.example{uri}\n}\n${caddy(`\theader {\n${caddyHeaders}\t}\n`)}`,
      },
      subjects: 1,
    },
    {
      name: 'Apache',
      files: {
        'site.conf': `<VirtualHost *:443>\n  ServerName shop.example\n  ProxyPass / http://app/\n  <IfModule mod_headers.c>\n${Object.entries(
          FIVE,
        )
          .map(([name, value]) => `    Header always set ${name} "${value}"\n`)
          .join('')}  </IfModule>\n</VirtualHost>\n`,
      },
    },
    {
      name: 'HAProxy',
      files: {
        'haproxy.cfg': `defaults\n  mode http\nfrontend web\n  bind *:443 ssl crt /x.pem\n${Object.entries(FIVE)
          .map(([name, value]) => `  http-response set-header ${name} "${value}"\n`)
          .join('')}  default_backend app\nbackend app\n  server a app:80\n`,
      },
    },
    {
      name: 'Ingress with a snippet',
      files: {
        'ingress.yaml': ingress(`    nginx.ingress.kubernetes.io/configuration-snippet: |\n${headers('      ')}`),
      },
    },
    {
      name: 'HSTS that the controller sends by itself',
      files: {
        'ingress.yaml': ingress(
          `    nginx.ingress.kubernetes.io/ssl-redirect: "true"\n    nginx.ingress.kubernetes.io/configuration-snippet: |\n${headers('      ', { 'Strict-Transport-Security': undefined })}`,
          '  tls:\n    - hosts: [shop.example]\n',
        ),
      },
    },
    {
      name: 'Ingress with headers of the controller',
      files: {
        'ingress.yaml': ingress(''),
        'controller.yaml':
          'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ingress-nginx-controller\n  namespace: ingress\ndata:\n  add-headers: ingress/sec\n',
        'sec.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: sec\ndata:\n${Object.entries(FIVE)
          .map(([name, value]) => `  ${name}: "${value}"\n`)
          .join('')}`,
      },
    },
    {
      name: 'IngressRoute with a middleware',
      files: { 'route.yaml': ingressRoute('      middlewares:\n        - name: sec\n'), 'middleware.yaml': middleware },
    },
    {
      name: 'Ingress of Traefik with an annotation',
      files: {
        'ingress.yaml': ingress(
          '    traefik.ingress.kubernetes.io/router.middlewares: web-sec@kubernetescrd\n',
        ).replace('ingressClassName: nginx', 'ingressClassName: traefik'),
        'middleware.yaml': middleware,
      },
    },
    {
      name: 'Traefik labels of compose',
      files: {
        'compose.yaml':
          "services:\n  app:\n    image: app\n    labels:\n      - traefik.http.routers.app.rule=Host(`a`)\n      - traefik.http.routers.app.middlewares=sec\n      - traefik.http.middlewares.sec.headers.stsSeconds=31536000\n      - traefik.http.middlewares.sec.headers.contentSecurityPolicy=default-src 'self'\n      - traefik.http.middlewares.sec.headers.contentTypeNosniff=true\n      - traefik.http.middlewares.sec.headers.frameDeny=true\n      - traefik.http.middlewares.sec.headers.referrerPolicy=same-origin\n",
      },
    },
    {
      name: 'Traefik labels with values of .env, and a middleware of a file that adds to it',
      files: {
        '.env': 'AGE=31536000\nGUARD=sec\n',
        'compose.yaml':
          "services:\n  app:\n    image: app\n    labels:\n      - traefik.http.routers.app.rule=Host(`a`)\n      - traefik.http.middlewares.sec.headers.stsSeconds=${AGE}\n      - traefik.http.middlewares.sec.headers.contentSecurityPolicy=default-src 'self'\n      - traefik.http.middlewares.sec.headers.contentTypeNosniff=true\n      - traefik.http.middlewares.sec.headers.frameDeny=true\n      - traefik.http.middlewares.sec.headers.referrerPolicy=same-origin\n",
        'compose.override.yaml':
          'services:\n  app:\n    labels:\n      traefik.http.routers.app.middlewares: "${GUARD}"\n',
      },
      subjects: 1,
    },
    {
      name: 'Caddy labels that a service takes over from another file',
      files: {
        'base.yaml':
          'services:\n  web:\n    image: app\n    labels:\n      caddy.header.Strict-Transport-Security: max-age=${AGE:-31536000}\n      caddy.header.Content-Security-Policy: "\\"default-src \'self\'\\""\n      caddy.header.X-Content-Type-Options: nosniff\n      caddy.header.X-Frame-Options: DENY\n      caddy.header.Referrer-Policy: same-origin\n',
        'compose.yaml':
          'services:\n  app:\n    extends: {file: base.yaml, service: web}\n    labels:\n      caddy: shop.example.org\n',
      },
      subjects: 1,
    },
    {
      name: 'CloudFront with a policy',
      files: {
        'cdn.tf':
          distribution('    response_headers_policy_id = aws_cloudfront_response_headers_policy.sec.id\n') +
          policy(true),
      },
    },
    {
      name: 'Traefik in TOML',
      files: {
        'traefik/dynamic.toml': `[http.routers.app]\n  rule = "Host(\`a\`)"\n  service = "app"\n  middlewares = ["sec"]\n[http.middlewares.sec.headers]\n  stsSeconds = 31536000\n  contentSecurityPolicy = "default-src 'self'"\n  contentTypeNosniff = true\n  frameDeny = true\n  referrerPolicy = "no-referrer"\n`,
      },
      subjects: 1,
    },
    {
      name: 'Traefik entry point with a middleware',
      files: {
        'compose.yaml':
          "services:\n  proxy:\n    image: traefik:v3\n    command:\n      - --entrypoints.web.http.middlewares=sec@docker\n    labels:\n      traefik.http.middlewares.sec.headers.stsSeconds: 31536000\n      traefik.http.middlewares.sec.headers.contentSecurityPolicy: default-src 'self'\n      traefik.http.middlewares.sec.headers.contentTypeNosniff: 'true'\n      traefik.http.middlewares.sec.headers.frameDeny: 'true'\n      traefik.http.middlewares.sec.headers.referrerPolicy: same-origin\n  app:\n    image: app\n    labels:\n      traefik.http.routers.app.rule: Host(`a`)\n",
      },
      subjects: 1,
    },
    {
      name: 'a ConfigMap that a chart renders',
      files: {
        'chart/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
        'chart/values.yaml': 'port: 8080\n',
        'chart/templates/cm.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  default.conf: |\n    server {\n      listen 443 ssl;\n${headers('      ')}      location / {\n        proxy_pass http://app:{{ .Values.port }};\n      }\n    }\n`,
      },
      subjects: 1,
    },
    {
      name: 'Apache with a .htaccess in its folder',
      files: {
        'site.conf': '<VirtualHost *:443>\n  ServerName shop.example\n  DocumentRoot /var/www/public\n</VirtualHost>\n',
        'public/.htaccess': Object.entries(FIVE)
          .map(([name, value]) => `Header always set ${name} "${value}"\n`)
          .join(''),
      },
      subjects: 2,
    },
    {
      name: 'a site of Netlify',
      files: {
        'netlify.toml': `[build]\n  publish = "dist"\n[[headers]]\n  for = "/*"\n  [headers.values]\n${Object.entries(
          FIVE,
        )
          .map(([name, value]) => `    ${name} = "${value}"\n`)
          .join('')}`,
      },
      subjects: 1,
    },
    {
      name: 'a site of Azure',
      files: { 'staticwebapp.config.json': JSON.stringify({ globalHeaders: FIVE }) },
      subjects: 1,
    },
    {
      name: 'a Caddy site that imports a file',
      files: {
        Caddyfile: 'shop.example {\n\timport caddy/headers.caddy\n\treverse_proxy app:80\n}\n',
        'caddy/headers.caddy': `header {\n${caddyHeaders}}\n`,
      },
      subjects: 1,
    },
    {
      name: 'a route of the Gateway API',
      files: {
        'route.yaml': gateway(
          `      filters:\n        - type: ResponseHeaderModifier\n          responseHeaderModifier:\n            set:\n${Object.entries(
            FIVE,
          )
            .map(([name, value]) => `              - {name: ${name}, value: "${value}"}\n`)
            .join('')}`,
        ),
      },
      subjects: 1,
    },
    {
      name: 'headers of a filter for the gateway of Istio',
      files: {
        'vs.yaml': virtualService,
        'filter.yaml': `apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata:\n  name: sec\nspec:\n  configPatches:\n    - applyTo: VIRTUAL_HOST\n      match: {context: GATEWAY}\n      patch:\n        operation: MERGE\n        value:\n${envoyHeaders('          ')}`,
      },
      subjects: 1,
    },
    {
      name: 'headers of a script for the gateway of Istio',
      files: {
        'vs.yaml': virtualService,
        'filter.yaml': `apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata:\n  name: sec\nspec:\n  configPatches:\n    - applyTo: HTTP_FILTER\n      patch:\n        operation: INSERT_BEFORE\n        value:\n          name: envoy.filters.http.lua\n          typed_config:\n            inlineCode: |\n              function envoy_on_response(handle)\n${Object.entries(
          FIVE,
        )
          .map(([name, value]) => `                handle:headers():add("${name}", "${value}")\n`)
          .join('')}              end\n`,
      },
      subjects: 1,
    },
    { name: 'Envoy', files: { 'envoy.yaml': envoy(envoyHeaders('                      ')) }, subjects: 1 },
    {
      name: 'Ingress of HAProxy with headers',
      files: {
        'ingress.yaml': foreign(
          'haproxy',
          `    haproxy.org/response-set-header: |\n${Object.entries(FIVE)
            .map(([name, value]) => `      ${name} "${value}"\n`)
            .join('')}`,
        ),
      },
      subjects: 1,
    },
    {
      name: 'Ingress of Kong with a plugin',
      files: {
        'ingress.yaml': foreign('kong', '    konghq.com/plugins: sec\n'),
        'plugin.yaml': `apiVersion: configuration.konghq.com/v1\nkind: KongPlugin\nmetadata:\n  name: sec\nplugin: response-transformer\nconfig:\n  add:\n    headers:\n${Object.entries(
          FIVE,
        )
          .map(([name, value]) => `      - "${name}:${value}"\n`)
          .join('')}`,
      },
      subjects: 1,
    },
    {
      name: 'headers in values of the controller',
      files: {
        'ingress.yaml': ingress(''),
        'ingress/values.yaml': `controller:\n  addHeaders:\n${Object.entries(FIVE)
          .map(([name, value]) => `    ${name}: "${value}"\n`)
          .join('')}`,
      },
      subjects: 1,
    },
    {
      name: 'a Route of OpenShift',
      files: {
        'route.yaml': `apiVersion: route.openshift.io/v1\nkind: Route\nmetadata:\n  name: shop\nspec:\n  to: {kind: Service, name: app}\n  httpHeaders:\n    actions:\n      response:\n${Object.entries(
          FIVE,
        )
          .map(([name, value]) => `        - {name: ${name}, action: {type: Set, set: {value: "${value}"}}}\n`)
          .join('')}`,
      },
      subjects: 1,
    },
    {
      name: 'a HTTPProxy of Contour',
      files: {
        'proxy.yaml': `apiVersion: projectcontour.io/v1\nkind: HTTPProxy\nmetadata:\n  name: shop\nspec:\n  virtualhost: {fqdn: shop.example}\n  routes:\n    - services: [{name: app, port: 80}]\n      responseHeadersPolicy:\n        set:\n${Object.entries(
          FIVE,
        )
          .map(([name, value]) => `          - {name: ${name}, value: "${value}"}\n`)
          .join('')}`,
      },
      subjects: 1,
    },
    {
      name: 'an include of a template elsewhere',
      files: {
        'conf/nginx.conf': http(`  server {\n    listen 443 ssl;\n    include /etc/nginx/includes/site.conf;\n  }\n`),
        'conf/templates/site.conf.j2': `${headers('')}location / {\n  proxy_pass http://{{ app }}:80;\n}\n`,
      },
      subjects: 1,
    },
    {
      name: 'a server behind another one of its machine',
      files: {
        'image/Caddyfile': caddy(`\theader {\n${caddyHeaders}\t}\n`).replace('app:8080', '127.0.0.1:8000'),
        'image/site.conf':
          'Listen 8000\n<VirtualHost *:8000>\n  ServerName localhost\n  DocumentRoot /srv\n</VirtualHost>\n',
      },
      subjects: 1,
    },
    {
      name: 'a file of includes',
      files: {
        'nginx.conf': server('  include snippets/all.conf;\n'),
        'snippets/all.conf': 'include snippets/headers.conf;\n',
        'snippets/headers.conf': headers(''),
      },
      subjects: 1,
    },
    {
      name: 'a Caddy port without a certificate',
      files: {
        Caddyfile: `:3000 {\n\theader {\n${caddyHeaders.replace(/.*Strict.*\n/, '')}\t}\n\treverse_proxy app:80\n}\n`,
      },
    },
    {
      name: 'an include of a file that is there and sets nothing',
      files: {
        'nginx.conf': server(`${headers('  ')}  include conf/access.conf;\n`),
        'conf/access.conf': 'location ~ /[.] {\n  deny all;\n}\n',
      },
    },
    {
      name: 'headers of Apache in a file beside its hosts',
      files: {
        'apache/site.conf': '<VirtualHost *:443>\n  ServerName shop.example\n  DocumentRoot /srv\n</VirtualHost>\n',
        'apache/conf-available/security.conf': Object.entries(FIVE)
          .map(([name, value]) => `Header always set ${name} "${value}"\n`)
          .join(''),
      },
      subjects: 1,
    },
    {
      name: 'Kong',
      files: {
        'kong.yaml': `_format_version: "3.0"\nservices:\n  - name: shop\n    url: http://app:80\n    routes:\n      - paths: [/]\nplugins:\n  - name: response-transformer\n    config:\n      add:\n        headers:\n${Object.entries(
          FIVE,
        )
          .map(([name, value]) => `          - "${name}:${value}"\n`)
          .join('')}`,
      },
      subjects: 1,
    },
    {
      name: 'Istio over plain HTTP, without HSTS',
      files: {
        'gateway.yaml':
          'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata:\n  name: public\nspec:\n  servers:\n    - port: {number: 80, name: http, protocol: HTTP}\n      hosts: ["*"]\n',
        'vs.yaml': `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: shop\nspec:\n  gateways: [public]\n  http:\n    - route:\n        - destination: {host: app}\n      headers:\n        response:\n          set:\n${Object.entries(
          FIVE,
        )
          .filter(([name]) => !/transport/i.test(name))
          .map(([name, value]) => `            ${name}: "${value}"\n`)
          .join('')}`,
      },
    },
    {
      name: 'Istio',
      files: {
        'vs.yaml': `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: shop\nspec:\n  gateways: [istio-system/public]\n  http:\n    - route:\n        - destination: {host: app}\n      headers:\n        response:\n          set:\n${Object.entries(
          FIVE,
        )
          .map(([name, value]) => `            ${name}: "${value}"\n`)
          .join('')}`,
      },
    },
  ],
  invalid: [
    { name: 'HTTPProxy', files: { 'p.yaml': httpProxy('') }, findings: [{ message: 'missing', at: 'p.yaml:4' }] },
    {
      name: 'VirtualServer',
      files: { 'v.yaml': virtualServer('') },
      findings: [{ message: 'missing', at: 'v.yaml:4' }],
    },
    {
      name: 'VirtualServer whose route has one header and so loses those of the snippet',
      files: {
        'v.yaml': virtualServer(
          `          responseHeaders:\n            add: [{name: X-Robots-Tag, value: none}]\n  server-snippets: |\n${headers('    ')}`,
        ),
      },
      findings: [{ message: 'missing', at: 'v.yaml:4' }],
    },
    {
      name: 'CloudFront of the Serverless framework',
      files: {
        'serverless.yml':
          'service: shop\nresources:\n  Resources:\n    Cdn:\n      Type: AWS::CloudFront::Distribution\n      Properties:\n        DistributionConfig:\n          DefaultCacheBehavior: {TargetOriginId: a}\n',
      },
      findings: [{ message: 'missing', at: 'serverless.yml:4' }],
    },
    {
      name: 'files that are distributed, and files without an ending',
      files: { 'dist/nginx.conf': http(server('')), 'lib/support/nginx/shop-ssl': server('') },
      findings: [
        { message: 'missing', at: 'dist/nginx.conf:3' },
        { message: 'missing', at: 'lib/support/nginx/shop-ssl:1' },
      ],
    },
    {
      name: 'a location with headers of its own, and a condition that may not hold',
      files: {
        'nginx.conf': http(
          `  server {\n    listen 443 ssl;\n${headers('    ')}    root /srv;\n    location /a/ {\n      add_header X-Other 1;\n      if ($arg_z) {\n${headers('        ')}      }\n      index index.html;\n    }\n  }\n`,
        ),
      },
      findings: [{ message: 'lost', at: 'nginx.conf:11' }],
    },
    { name: 'Mapping', files: { 'm.yaml': mapping('') }, findings: [{ message: 'missing', at: 'm.yaml:4' }] },
    {
      name: 'a policy of Envoy Gateway for another gateway',
      files: { 'r.yaml': gateway(''), 'p.yaml': clientPolicy('partner') },
      findings: [{ message: 'missing', at: 'r.yaml:4' }],
    },
    {
      name: 'Caddy, a snippet for whole sites without headers',
      files: {
        Caddyfile: '(site) {\n\t{args[0]} {\n\t\treverse_proxy {args[1]}\n\t}\n}\nimport site shop.example app:80\n',
      },
      findings: [{ message: 'missing', at: 'Caddyfile:2' }],
    },
    {
      name: 'CloudFront with a function that only sees requests',
      files: {
        'cdn.tf': distribution(
          '    function_association {\n      event_type = "viewer-request"\n      function_arn = aws_cloudfront_function.x.arn\n    }\n',
        ),
      },
      findings: [{ message: 'missing', at: 'cdn.tf:1' }],
    },
    {
      name: 'static files of App Engine with one header',
      files: { 'app.yaml': appEngine('- url: /.*\n  static_dir: www\n  http_headers:\n    X-Frame-Options: DENY\n') },
      findings: [{ message: 'missing', at: 'app.yaml:3' }],
    },
    {
      name: 'a filter for several gateways that leaves a header out: one cause',
      files: {
        'gateways.yaml': `${istioGateway('public')}---\n${istioGateway('partner')}`,
        'filter.yaml': istioFilter('', 'Referrer-Policy'),
        'vs.yaml': `${serviceOf('shop', 'public')}---\n${serviceOf('orders', 'partner')}`,
      },
      findings: [{ message: 'missing', at: 'filter.yaml:1' }],
    },
    {
      name: 'a filter for another gateway',
      files: {
        'gateway.yaml': istioGateway('public'),
        'filter.yaml': istioFilter('  workloadSelector:\n    labels: {istio: partner}\n'),
        'vs.yaml': serviceOf('shop', 'public'),
      },
      findings: [{ message: 'missing', at: 'vs.yaml:4' }],
    },
    {
      name: 'a server in a cluster whose ways in do not lead to it: to review',
      files: inCluster(otherService),
      findings: [{ message: 'missing', at: 'web.yaml:7', confidence: 'low' }],
    },
    {
      name: 'a server in a cluster that no way leads into',
      files: inCluster(''),
      findings: [{ message: 'missing', at: 'web.yaml:7', confidence: 'high' }],
    },
    {
      name: 'a server that CI starts',
      files: { '.github/proxy.conf': http(server('')) },
      findings: [{ message: 'missing', at: '.github/proxy.conf:3', confidence: 'low' }],
    },
    {
      name: 'a server for developers: to review',
      files: { 'docker/nginx.dev.conf': http(server('')) },
      findings: [{ message: 'missing', at: 'docker/nginx.dev.conf:3', confidence: 'low' }],
    },
    {
      name: 'labels of the first version of Traefik without a header',
      files: { 'compose.yaml': frontend(['traefik.frontend.entryPoints=https']) },
      findings: [{ message: 'missing', at: 'compose.yaml:6' }],
    },
    {
      name: 'labels of the first version of Traefik with one header',
      files: { 'compose.yaml': frontend(['traefik.frontend.headers.frameDeny=true']) },
      findings: [{ message: 'missing', at: 'compose.yaml:7' }],
    },
    {
      name: 'a router with a name that only holds the letters of web sockets',
      files: { 'compose.yaml': sockets('aws', 'PathPrefix(`/news`)') },
      findings: [{ message: 'missing', at: 'compose.yaml:5' }],
    },
    {
      name: 'a behaviour of CloudFront without the policy in a template',
      files: { 'cdn.yaml': template('!Ref Sec', '!Ref Other') },
      findings: [{ message: 'lost', at: 'cdn.yaml:26' }],
    },
    {
      name: 'Caddy in JSON without them, and with some for a path',
      files: {
        'caddy.json': caddyJson({ set: { Server: ['x'] } }, [
          { match: [{ path: ['/static/*'] }], handle: [{ handler: 'headers', response: { set: fiveLists } }] },
        ]),
      },
      findings: [{ message: 'missing', at: 'caddy.json:1' }],
      skip: ['comment'],
    },
    {
      name: 'Caddy in labels without them',
      files: { 'compose.yaml': caddyLabels(['caddy.header.Server: x']) },
      findings: [{ message: 'missing', at: 'compose.yaml:5' }],
    },
    {
      name: 'Azure Front Door with conditions, and without rules',
      files: {
        'a/main.tf': `${frontDoorRoute('  cdn_frontdoor_rule_set_ids = [azurerm_cdn_frontdoor_rule_set.sec.id]\n')}${frontDoorRule('  conditions {\n    request_method_condition {\n      match_values = ["GET"]\n    }\n  }\n')}`,
        'b/main.tf': frontDoorRoute(''),
      },
      findings: [
        { message: 'missing', at: 'a/main.tf:1' },
        { message: 'missing', at: 'b/main.tf:1' },
      ],
    },
    {
      name: 'Azure Application Gateway with a condition, and without rules',
      files: {
        'a/main.tf': applicationGateway(
          '    rewrite_rule_set_name = "sec"\n',
          '      condition {\n        variable = "var_request_uri"\n        pattern = "/api"\n      }\n',
        ),
        'b/main.tf': applicationGateway(''),
      },
      findings: [
        { message: 'missing', at: 'a/main.tf:2' },
        { message: 'missing', at: 'b/main.tf:2' },
      ],
    },
    {
      name: 'Azure CDN for some requests',
      files: { 'main.tf': cdnEndpoint('delivery_rule') },
      findings: [{ message: 'missing', at: 'main.tf:1' }],
    },
    {
      name: 'a server that another one does not lead to',
      files: behindFront('', 'http://app:8080'),
      findings: [{ message: 'missing', at: 'mail/nginx.conf:1' }],
    },
    {
      name: 'a server behind another one, with a port of its own',
      files: behindFront('    ports: ["8080:80"]\n', 'http://mail'),
      findings: [{ message: 'missing', at: 'mail/nginx.conf:1' }],
    },
    {
      name: 'Envoy on a port in a variable that compose publishes',
      files: {
        '.env': 'PORT=9443\n',
        'front/envoy.tmpl.yaml': envoy('').replace('443', '"${PORT}"').replace('cluster: app', 'cluster: "${APP}"'),
        'compose.yaml':
          'services:\n  front:\n    build: ./front\n    ports: ["${PORT}:${PORT}"]\n  app:\n    image: app\n    ports: ["8080:8080"]\n',
        'front/Dockerfile': 'FROM envoy\nCOPY envoy.tmpl.yaml /etc/envoy/\n',
      },
      findings: [{ message: 'missing', at: 'front/envoy.tmpl.yaml:11' }],
    },
    {
      name: 'Envoy of a ConfigMap behind a load balancer as well',
      files: behindRoute('  type: LoadBalancer\n', 'mail'),
      findings: [{ message: 'missing', at: 'base/envoy.yaml:17' }],
    },
    {
      name: 'Envoy of a ConfigMap beside the route of another one',
      files: behindRoute('', 'post.web.svc'),
      findings: [{ message: 'missing', at: 'base/envoy.yaml:17' }],
    },
    {
      name: 'a server behind another one, with a port of the machine in a variable',
      files: behindTemplate('"${MAIL_PORT}:${MAIL_PORT}"'),
      findings: [{ message: 'missing', at: 'mail/nginx.conf.template:1' }],
    },
    {
      name: 'a server behind another one, with a published port in the long form',
      files: behindTemplate('{target: 8025, published: 8025}'),
      findings: [{ message: 'missing', at: 'mail/nginx.conf.template:1' }],
    },
    {
      name: 'two gateways of a bare name, in other namespaces',
      files: {
        'a.yaml': plainGateway('istio-system'),
        'b.yaml': plainGateway('edge').replace('protocol: HTTP}', 'protocol: HTTPS}'),
        'vs.yaml': fourByService,
      },
      findings: [{ message: 'missing', at: 'vs.yaml:4' }],
    },
    {
      name: 'a script that has certbot add TLS',
      files: setup('ssh host "sudo certbot --nginx \\\n  -d shop.example"'),
      findings: [{ message: 'missing', at: 'setup.sh:3' }],
    },
    {
      name: 'a server behind the networks of a provider',
      files: {
        'front/nginx.conf': http(server(headers('  '))),
        'shop/nginx.conf': server('  set_real_ip_from 173.245.48.0/20;\n', '80'),
      },
      findings: [{ message: 'missing', at: 'shop/nginx.conf:1' }],
    },
    {
      name: 'nginx without headers',
      files: { 'nginx.conf': http(server('')) },
      findings: [{ message: 'missing', at: 'nginx.conf:3', confidence: 'high' }],
    },
    {
      name: 'headers only in comments',
      files: { 'nginx.conf': server(headers('  # ')) },
      findings: [{ message: 'missing', at: 'nginx.conf:1' }],
    },
    {
      name: 'HSTS missing',
      files: { 'site.conf': server(headers('  ', { 'Strict-Transport-Security': undefined })) },
      findings: [{ message: 'missing', at: 'site.conf:1' }],
    },
    {
      name: 'HSTS that ends at once',
      files: { 'site.conf': server(headers('  ', { 'Strict-Transport-Security': 'max-age=0' })) },
      findings: [{ message: 'weak', at: 'site.conf:4' }],
    },
    {
      name: 'without always',
      files: { 'site.conf': server(headers('  ', {}, ';')) },
      findings: [{ message: 'notAlways', at: 'site.conf:4', severity: 'low' }],
      // The header itself is missing once its line is a comment, and the others still go without always.
      skip: ['comment'],
    },
    {
      name: 'a location drops what it inherits',
      files: {
        'site.conf': server(
          `${headers('  ')}  location /static/ {\n    add_header Cache-Control public;\n    root /srv;\n  }\n`,
        ),
      },
      findings: [{ message: 'lost', at: 'site.conf:9' }],
    },
    {
      name: 'a condition drops what it inherits',
      files: {
        'site.conf': `server {\n  listen 443 ssl;\n${headers('  ')}  location / {\n    if ($request_method = GET) {\n      add_header X-A b;\n    }\n    proxy_pass http://app;\n  }\n}\n`,
      },
      findings: [{ message: 'lost', at: 'site.conf:9' }],
    },
    {
      name: 'two levels deep',
      files: {
        'site.conf': server(
          `${headers('  ')}  location /a/ {\n    location /a/b/ {\n      add_header X-A b;\n      root /srv;\n    }\n    root /srv;\n  }\n`,
        ),
      },
      findings: [{ message: 'lost', at: 'site.conf:10' }],
    },
    {
      name: 'a piece of a server that drops its own header',
      files: {
        'nginx/extra.conf':
          'add_header X-Frame-Options "DENY" always;\nlocation /new {\n  add_header X-New y;\n  root /srv;\n}\n',
      },
      findings: [{ message: 'lost', at: 'nginx/extra.conf:2' }],
    },
    {
      name: 'second server without headers',
      files: { 'nginx.conf': http(server(headers('  ')) + server('').replace('shop', 'admin')) },
      findings: [{ message: 'missing', at: 'nginx.conf:15' }],
    },
    {
      name: 'a piece that two servers include is one cause',
      files: {
        'nginx.conf': http(
          ['a', 'b']
            .map(
              (name) =>
                `  server {\n    listen 443 ssl;\n    server_name ${name}.example;\n    include site.conf;\n  }\n`,
            )
            .join(''),
        ),
        'site.conf': `${headers('')}location /static/ {\n  add_header Cache-Control public;\n  root /srv;\n}\n`,
      },
      findings: [{ message: 'lost', at: 'site.conf:6' }],
    },
    {
      name: 'a heredoc in a script',
      files: {
        'setup.sh': `#!/bin/sh\ncat > /etc/nginx/sites-available/shop <<EOF\n${server('', '80')}EOF\nnginx -s reload\n`,
      },
      findings: [{ message: 'missing', at: 'setup.sh:3' }],
    },
    {
      name: 'a ConfigMap',
      files: {
        'cm.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  default.conf: |\n${server('').replace(/^(?=.)/gm, '    ')}`,
      },
      findings: [{ message: 'missing', at: 'cm.yaml:7' }],
    },
    {
      name: 'a heredoc of Terraform',
      files: {
        'web.tf': `resource "aws_instance" "web" {\n  user_data = <<-USERDATA\n    #!/bin/sh\n    cat > /etc/nginx/conf.d/shop.conf <<'CONF'\n${server('')}CONF\n  USERDATA\n}\n`,
      },
      findings: [{ message: 'missing', at: 'web.tf:5' }],
    },
    {
      name: 'a text that echo writes',
      files: { 'setup.sh': `#!/bin/sh\necho '${server('')}' > /etc/nginx/conf.d/shop.conf\n` },
      findings: [{ message: 'missing', at: 'setup.sh:2' }],
    },
    {
      name: 'a ConfigMap of a chart without headers, and what helm made of it',
      files: {
        'chart/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
        'chart/values.yaml': 'port: 8080\n',
        'chart/templates/cm.yaml':
          'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  default.conf: |\n    server {\n      listen 443 ssl;\n      {{- if .Values.port }}\n      location / {\n        proxy_pass http://app:{{ .Values.port }};\n      }\n      {{- end }}\n    }\n',
        'manifests/all.yaml':
          '---\n# Source: shop/templates/cm.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  default.conf: |\n    server {\n      listen 443 ssl;\n      location / {\n        proxy_pass http://app:8080;\n      }\n    }\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n',
      },
      findings: [{ message: 'missing', at: 'chart/templates/cm.yaml:6' }],
    },
    {
      name: 'a router of Traefik in TOML without a middleware',
      files: {
        'dynamic.toml': '[http.routers]\n  [http.routers.app]\n    rule = "Host(`a`)"\n    service = "app"\n',
      },
      findings: [{ message: 'missing', at: 'dynamic.toml:3' }],
    },
    {
      name: 'the main server of Apache',
      files: { 'httpd.conf': 'Listen 443\nServerName shop.example\nDocumentRoot /srv\n' },
      findings: [{ message: 'missing', at: 'httpd.conf:1' }],
    },
    {
      name: 'a .htaccess with some of the headers',
      files: {
        'public/.htaccess':
          'Header always set X-Frame-Options DENY\nHeader always set X-Content-Type-Options nosniff\n',
      },
      findings: [{ message: 'missing', at: 'public/.htaccess:1' }],
      skip: ['comment'],
    },
    {
      name: 'a site of Firebase without headers',
      files: { 'firebase.json': '{"hosting": {"public": "dist"}}\n' },
      findings: [{ message: 'missing', at: 'firebase.json:1' }],
    },
    {
      name: 'a route of the Gateway API without a filter',
      files: { 'route.yaml': gateway('') },
      findings: [{ message: 'missing', at: 'route.yaml:4' }],
    },
    {
      name: 'Envoy without headers',
      files: { 'envoy.yaml': envoy('') },
      findings: [{ message: 'missing', at: 'envoy.yaml:11' }],
    },
    {
      name: 'Envoy in a ConfigMap',
      files: {
        'cm.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: proxy\ndata:\n  envoy.yaml: |\n${envoy('').replace(/^(?=.)/gm, '    ')}`,
      },
      findings: [{ message: 'missing', at: 'cm.yaml:17' }],
    },
    {
      name: 'Ingress of a load balancer with one header',
      files: {
        'ingress.yaml': foreign(
          'alb',
          '    alb.ingress.kubernetes.io/listener-attributes.HTTPS-443: routing.http.response.x_frame_options.header_value=DENY,routing.http.response.x_content_type_options.header_value=nosniff\n',
        ),
      },
      findings: [{ message: 'missing', at: 'ingress.yaml:4' }],
    },
    {
      name: 'only parts answer, and none has all headers',
      files: {
        'site.conf': `server {\n  listen 443 ssl;\n  add_header Strict-Transport-Security "max-age=31536000" always;\n  location /list {\n    add_header Strict-Transport-Security "max-age=31536000" always;\n    add_header X-Robots-Tag none;\n    root /srv;\n  }\n  location / {\n    return 404;\n  }\n}\n`,
      },
      findings: [{ message: 'missing', at: 'site.conf:1' }],
    },
    {
      name: 'Kong without a plugin',
      files: {
        'kong.yaml':
          '_format_version: "3.0"\nservices:\n  - name: shop\n    url: http://app:80\n    routes:\n      - paths: [/]\n',
      },
      findings: [{ message: 'missing', at: 'kong.yaml:3' }],
    },
    {
      name: 'routers that share a middleware are one cause',
      files: {
        'compose.yaml': `services:\n${['a', 'b'].map((name) => `  ${name}:\n    image: app\n    labels:\n      - traefik.http.routers.${name}.rule=Host(\`${name}\`)\n      - traefik.http.routers.${name}.middlewares=sec@file\n`).join('')}`,
        'rules/sec.yml':
          'http:\n  middlewares:\n    sec:\n      headers:\n        stsSeconds: 31536000\n        contentTypeNosniff: true\n        frameDeny: true\n        referrerPolicy: no-referrer\n',
      },
      findings: [{ message: 'missing', at: 'rules/sec.yml:5' }],
      skip: ['comment'],
    },
    {
      name: 'routes that share a middleware are one cause',
      files: {
        'routes.yaml': `${ingressRoute('      middlewares:\n        - name: sec\n')}---\n${ingressRoute('      middlewares:\n        - name: sec\n').replace('name: shop', 'name: admin')}`,
        'middleware.yaml': middleware.replace(/.*contentSecurityPolicy.*\n/, ''),
      },
      findings: [{ message: 'missing', at: 'middleware.yaml:1' }],
      skip: ['comment'],
    },
    {
      name: 'a middleware of the same name for another machine',
      files: {
        'compose/a/app.yml':
          'services:\n  app:\n    image: app\n    labels:\n      - traefik.http.routers.app.rule=Host(`a`)\n      - traefik.http.routers.app.middlewares=sec@file\n',
        'rules/a/sec.yml': 'http:\n  middlewares:\n    sec:\n      headers:\n        frameDeny: true\n',
        'rules/b/sec.yml':
          "http:\n  middlewares:\n    sec:\n      headers:\n        stsSeconds: 31536000\n        contentSecurityPolicy: default-src 'self'\n        contentTypeNosniff: true\n        frameDeny: true\n        referrerPolicy: no-referrer\n",
      },
      findings: [{ message: 'missing', at: 'rules/a/sec.yml:5' }],
      skip: ['comment'],
    },
    {
      name: 'Caddy without headers',
      files: { Caddyfile: caddy('') },
      findings: [{ message: 'missing', at: 'Caddyfile:1' }],
    },
    {
      name: 'one of two Caddy sites',
      files: {
        Caddyfile: `${caddy(`\theader {\n${caddyHeaders}\t}\n`)}admin.example {\n\treverse_proxy admin:80\n}\n`,
      },
      findings: [{ message: 'missing', at: 'Caddyfile:11' }],
    },
    {
      name: 'Caddy headers for one path only',
      files: { Caddyfile: caddy(`\theader /docs/* {\n${caddyHeaders}\t}\n`) },
      findings: [{ message: 'missing', at: 'Caddyfile:1' }],
    },
    {
      name: 'Caddy site without braces',
      files: { Caddyfile: 'shop.example\nroot * /srv\nfile_server\n' },
      findings: [{ message: 'missing', at: 'Caddyfile:1' }],
    },
    {
      name: 'Apache without headers',
      files: { 'site.conf': '<VirtualHost *:443>\n  ServerName shop.example\n  DocumentRoot /srv\n</VirtualHost>\n' },
      findings: [{ message: 'missing', at: 'site.conf:1' }],
    },
    {
      name: 'HAProxy without headers',
      files: {
        'haproxy.cfg':
          'frontend web\n  mode http\n  bind *:443\n  default_backend app\nbackend app\n  server a app:80\n',
      },
      findings: [{ message: 'missing', at: 'haproxy.cfg:1' }],
    },
    {
      name: 'Ingress without a snippet',
      files: { 'ingress.yaml': ingress('') },
      findings: [{ message: 'missing', at: 'ingress.yaml:4' }],
    },
    {
      name: 'IngressRoute without a middleware',
      files: { 'route.yaml': ingressRoute('') },
      findings: [{ message: 'missing', at: 'route.yaml:4' }],
    },
    {
      name: 'Traefik router of a file without a middleware',
      files: {
        'traefik/dynamic.yml':
          'http:\n  routers:\n    app:\n      rule: Host(`a`)\n      service: app\n  services:\n    app: {}\n',
      },
      findings: [{ message: 'missing', at: 'traefik/dynamic.yml:4' }],
    },
    {
      name: 'CloudFront without a policy',
      files: { 'cdn.tf': distribution('') },
      findings: [{ message: 'missing', at: 'cdn.tf:1' }],
    },
    {
      name: 'CloudFront with a policy without HSTS',
      files: {
        'cdn.tf':
          distribution('    response_headers_policy_id = aws_cloudfront_response_headers_policy.sec.id\n') +
          policy(false),
      },
      findings: [{ message: 'missing', at: 'cdn.tf:1' }],
    },
    {
      name: 'CloudFront of a template',
      files: {
        'cdn.yaml':
          'Resources:\n  Cdn:\n    Type: AWS::CloudFront::Distribution\n    Properties:\n      DistributionConfig:\n        DefaultCacheBehavior:\n          TargetOriginId: x\n',
      },
      findings: [{ message: 'missing', at: 'cdn.yaml:2' }],
    },
  ],
  notApplicable: [
    {
      name: 'Caddy in JSON that redirects, and another program',
      files: {
        'caddy.json':
          '{"apps": {"http": {"servers": {"a": {"listen": [":80"], "routes": [{"handle": [{"handler": "static_response", "status_code": 308}]}]}}}}, "x": "file_server"}',
        'caddy-plan.json': '{"apps": {"reverse_proxy": 1}}',
      },
    },
    {
      name: 'Application Gateway that redirects',
      files: { 'main.tf': applicationGateway('    redirect_configuration_name = "https"\n') },
    },
    {
      name: 'redirect only',
      files: { 'nginx.conf': 'server {\n  listen 80;\n  return 301 https://$host$request_uri;\n}\n' },
    },
    {
      name: 'redirect with a folder for proofs',
      files: {
        'nginx.conf':
          'server {\n  listen 80;\n  root /web;\n  location ^~ /.well-known/mta-sts.txt {\n    fastcgi_pass php:9000;\n  }\n  location / {\n    return 301 https://$host$uri;\n  }\n}\n',
      },
    },
    { name: 'no answer at all', files: { 'nginx.conf': 'server {\n  listen 80 default_server;\n  return 444;\n}\n' } },
    {
      name: 'certificate challenge and redirect',
      files: {
        'nginx.conf':
          'server {\n  listen 80;\n  location /.well-known/acme-challenge/ {\n    root /var/www;\n  }\n  location / {\n    return 301 https://$host$request_uri;\n  }\n}\n',
      },
    },
    { name: 'internal server', files: { 'nginx.conf': server('', '127.0.0.1:8080') } },
    {
      name: 'stream',
      files: { 'nginx.conf': 'stream {\n  server {\n    listen 5432;\n    proxy_pass db:5432;\n  }\n}\n' },
    },
    { name: 'upstreams', files: { 'upstream.conf': 'upstream app {\n  server app:8080;\n}\n' } },
    { name: 'header snippet', files: { 'snippets/x-frame.conf': 'add_header X-Frame-Options "DENY" always;\n' } },
    {
      name: 'another program with a server block',
      files: { 'server.conf': 'server {\n  bind_address = "0.0.0.0"\n  bind_port = "8081"\n  log_level = "INFO"\n}\n' },
    },
    {
      name: 'a .htaccess that refuses',
      files: { 'private/.htaccess': '<IfModule mod_authz_core.c>\n  Require all denied\n</IfModule>\n' },
    },
    { name: 'a site of Vercel without headers', files: { 'vercel.json': '{"rewrites": []}\n' } },
    {
      name: 'a route of a mesh',
      files: { 'route.yaml': gateway('').replace('- name: public', '- {kind: Service, name: app}') },
    },
    { name: 'Envoy for its own machine', files: { 'envoy.yaml': envoy('').replace('0.0.0.0', '127.0.0.1') } },
    {
      name: 'a port that compose keeps inside',
      files: {
        'nginx.conf': http(`  server {\n    listen 9081;\n    root /srv;\n  }\n`),
        'compose.yaml': "services:\n  web:\n    image: nginx\n    ports: ['${PORT:-443}:${PORT:-443}']\n",
      },
    },
    {
      name: 'states for machines',
      files: { 'nginx.conf': 'server {\n  listen 8080;\n  location /health {\n    return 200 ok;\n  }\n}\n' },
    },
    {
      name: 'Traefik router that redirects to HTTPS, and to one name too',
      files: {
        'compose.yaml':
          'services:\n  web:\n    image: x\n    labels:\n      - traefik.http.routers.${STACK?}-web.rule=Host(`shop.example`)\n      - traefik.http.routers.${STACK?}-web.middlewares=tls,${STACK?}-www\n      - traefik.http.middlewares.tls.redirectscheme.scheme=https\n      - traefik.http.middlewares.${STACK?}-www.redirectregex.regex=^http://www.(.*)\n',
      },
    },
    {
      name: 'Traefik entry point that redirects',
      files: {
        'compose.yaml':
          'services:\n  proxy:\n    image: traefik:v3\n    command:\n      - --entrypoints.web.address=:80\n      - --entrypoints.web.http.redirections.entrypoint.to=secure\n  app:\n    image: app\n    labels:\n      - traefik.http.routers.app.rule=Host(`a`)\n      - traefik.http.routers.app.entrypoints=web\n',
      },
    },
    {
      name: 'a port that compose publishes to its machine',
      files: {
        'web/nginx.conf': http(`  server {\n    listen 8536;\n    root /srv;\n  }\n`),
        'compose.yaml': "services:\n  web:\n    image: nginx\n    ports: ['127.0.0.1:9000:8536']\n",
      },
    },
    {
      name: 'HAProxy for listed addresses',
      files: {
        'haproxy.cfg':
          'frontend api\n  mode http\n  bind :2375\n  http-request deny unless { src 10.0.0.1 }\n  default_backend app\nbackend app\n  server a app:80\n',
      },
    },
    {
      name: 'Envoy beside the one that compose publishes',
      files: {
        'front/service.yaml': envoy('').replace('443', '8001'),
        'front/compose.yaml': "services:\n  front:\n    image: envoy\n    ports: ['8080:8080']\n",
      },
    },
    {
      name: 'a broken pipeline that installs a chart',
      files: { '.gitlab-ci.yml': 'deploy:\n  script:\n    - helm upgrade shop ./chart\n   stage: [\n' },
    },
    {
      name: 'a router of web sockets, by its name',
      files: { 'compose.yaml': sockets('chat_wss', 'Host(`a.example`)') },
    },
    {
      name: 'a router of web sockets, by its path',
      files: { 'compose.yaml': sockets('chat', 'PathPrefix(`/v1/ws`)') },
    },
    {
      name: 'a server for names that nobody has, and one for gRPC',
      files: {
        'nginx.conf': http(
          '  server {\n    listen 443 ssl default_server;\n    ssl_reject_handshake on;\n  }\n  server {\n    listen 50051 http2;\n    location / {\n      grpc_pass grpc://app:50051;\n    }\n  }\n',
        ),
      },
    },
    {
      name: 'App Engine with headers of some files',
      files: {
        'app.yaml': appEngine(
          '- url: /fonts\n  static_dir: fonts\n  http_headers:\n    Access-Control-Allow-Origin: "*"\n- url: /.*\n  script: auto\n',
        ),
      },
    },
    { name: 'Mapping of gRPC', files: { 'm.yaml': mapping('  grpc: true\n') } },
    { name: 'local Caddy', files: { Caddyfile: 'localhost {\n\treverse_proxy app:80\n}\n' } },
    { name: 'a README about nginx', files: { 'README.md': server('') } },
    {
      name: 'HAProxy for TCP',
      files: {
        'haproxy.cfg': 'frontend db\n  mode tcp\n  bind *:5432\n  default_backend db\nbackend db\n  server a db:5432\n',
      },
    },
  ],
  unknown: [
    {
      name: 'a template that fills headers in',
      files: {
        'nginx.conf.tmpl': server(
          '  {{ range .Headers }}\n  add_header {{ .Name }} "{{ .Value }}" always;\n  {{ end }}\n',
        ),
      },
    },
    {
      name: 'a script that filters headers',
      files: {
        'nginx.conf': server('').replace(
          'proxy_pass',
          'header_filter_by_lua_block {\n      x()\n    }\n    proxy_pass',
        ),
      },
    },
    {
      name: 'an include outside of the repository',
      files: { 'nginx.conf': server('  include /etc/nginx/security-headers.conf;\n') },
    },
    {
      name: 'Ingress of a cloud provider',
      files: { 'ingress.yaml': ingress('').replace('ingressClassName: nginx', 'ingressClassName: alb') },
    },
    {
      name: 'a middleware outside of the repository',
      files: { 'route.yaml': ingressRoute('      middlewares:\n        - name: other\n') },
    },
  ],
});
