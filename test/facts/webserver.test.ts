import { describe, expect, test } from '@jest/globals';
import {
  type Directive,
  type Parsed,
  parseApache,
  parseCaddy,
  parseHaproxy,
  parseLighttpd,
  parseNginx,
} from '../../src/facts/directives.ts';
import { webserver } from '../../src/facts/webserver.ts';
import { cpuTime } from '../cpu-time.ts';
import fc from '../property.ts';

/** Name, arguments and block of each directive. */
function outline(directives: readonly Directive[]): unknown[] {
  return directives.map(({ name, args, block }) => (block ? [name, ...args, outline(block)] : [name, ...args]));
}

const NGINX = `# comment
http {
  add_header X-A "a; b" always;
  server { listen 80; location ~ \\.php$ { return 301 https://$host\${uri}; } }
  map $a $b { default 'x y'; }
  content_by_lua_block { local t = { a = "}" } }
}
`;
const CADDY = `{
	email a@b.example
}
(sec) {
	header X-A "b c"
}
a.example, b.example {
	import sec
	header {
		-Server
		X-B {http.request.host}
	}
	handle /api/* {
		reverse_proxy app:80
	}
}
`;
const APACHE = `Listen 80
<VirtualHost *:80>
  ServerName a.example
  Header always set X-A \\
    "b c"
  <IfModule mod_headers.c>
    Header set X-B d
  </IfModule>
</VirtualHost>
`;
const HAPROXY = `defaults
  mode http
frontend web
  bind *:80 # all
  http-response set-header X-A "b c"
backend app
  server a 10.0.0.1:80
`;

describe('languages', () => {
  test('nginx', () => {
    expect(outline(parseNginx(NGINX).directives)).toEqual([
      [
        'http',
        [
          ['add_header', 'X-A', 'a; b', 'always'],
          [
            'server',
            [
              ['listen', '80'],
              ['location', '~', '\\.php$', [['return', '301', 'https://$host${uri}']]],
            ],
          ],
          ['map', '$a', '$b', [['default', 'x y']]],
          ['content_by_lua_block', []],
        ],
      ],
    ]);
  });

  test('Caddy', () => {
    expect(outline(parseCaddy(CADDY).directives)).toEqual([
      ['', [['email', 'a@b.example']]],
      ['(sec)', [['header', 'X-A', 'b c']]],
      [
        'a.example',
        'b.example',
        [
          ['import', 'sec'],
          ['header', [['-Server'], ['X-B', '{http.request.host}']]],
          ['handle', '/api/*', [['reverse_proxy', 'app:80']]],
        ],
      ],
    ]);
  });

  test('Apache', () => {
    expect(outline(parseApache(APACHE).directives)).toEqual([
      ['listen', '80'],
      [
        'virtualhost',
        '*:80',
        [
          ['servername', 'a.example'],
          ['header', 'always', 'set', 'X-A', 'b c'],
          ['ifmodule', 'mod_headers.c', [['header', 'set', 'X-B', 'd']]],
        ],
      ],
    ]);
  });

  test('HAProxy', () => {
    expect(outline(parseHaproxy(HAPROXY).directives)).toEqual([
      ['defaults', [['mode', 'http']]],
      [
        'frontend',
        'web',
        [
          ['bind', '*:80'],
          ['http-response', 'set-header', 'X-A', 'b c'],
        ],
      ],
      ['backend', 'app', [['server', 'a', '10.0.0.1:80']]],
    ]);
  });

  test('says that a block is open', () => {
    expect(parseNginx('http {\n  server {\n').problems).toHaveLength(1);
    expect(parseNginx('http { }').problems).toEqual([]);
  });
});

describe('files', () => {
  const dialects = async (path: string, text: string): Promise<string[]> => {
    if (!webserver.accepts(path) || !webserver.recognises!(path, text)) return [];
    const extract = await webserver.load();
    return (extract({ path, text, words: [] }).data?.configs ?? []).map(({ dialect, inside }) =>
      `${dialect} ${inside ?? ''}`.trim(),
    );
  };

  test.each([
    ['nginx.conf', NGINX.replace('listen', 'server_name a; listen'), ['nginx']],
    ['sites-available/default', 'server {\n  listen 80;\n}\n', ['nginx']],
    ['Caddyfile.prod', CADDY, ['caddy']],
    ['apache/site.conf', APACHE, ['apache']],
    ['haproxy.cfg', HAPROXY, ['haproxy']],
    ['run.sh', `cat > /etc/nginx/nginx.conf <<'EOF'\nserver {\n  listen 80;\n}\nEOF\n`, ['nginx heredoc']],
    ['Dockerfile', `COPY <<EOF /etc/caddy/Caddyfile\na.example {\n\tfile_server\n}\nEOF\n`, ['caddy heredoc']],
    ['cm.yaml', 'data:\n  site.conf: |\n    server {\n      listen 80;\n    }\n', ['nginx site.conf']],
    ['agent.conf', 'server {\n  address = "x"\n}\nproxy_pass {\n}\n', []],
    ['main.ts', 'server {\n  listen 80;\n}\n', []],
    ['notes.conf', 'nothing here\n', []],
  ])('%s', async (path, text, expected) => {
    expect(await dialects(path, text)).toEqual(expected);
  });
});

describe('hostile input', () => {
  const parsers: readonly ((text: string) => Parsed)[] = [
    parseNginx,
    parseCaddy,
    parseApache,
    parseHaproxy,
    parseLighttpd,
  ];
  const check = (text: string) => {
    for (const parse of parsers) {
      const { directives, problems } = parse(text);
      const stack: Directive[] = [...directives];
      for (let one = stack.pop(); one; one = stack.pop()) {
        for (const { start, end } of [one.span, one.head]) {
          if (!(start >= 0 && start <= end && end <= text.length))
            throw new Error(`span ${start}-${end} of ${text.length}`);
        }
        for (const inner of one.block ?? []) stack.push(inner);
      }
      expect(problems.length).toBeLessThan(text.length + 2);
    }
  };

  test('mutated files never throw and keep their spans inside', () => {
    const pieces = [
      '{',
      '}',
      ';',
      '"',
      "'",
      '\n',
      '\\',
      '<',
      '>',
      '#',
      '{{',
      '}}',
      '{%',
      '${',
      '<<E\n',
      ' ',
      '</x>',
      '`',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(NGINX, CADDY, APACHE, HAPROXY),
        fc.array(fc.tuple(fc.nat(), fc.nat(20), fc.constantFrom(...pieces)), { minLength: 1, maxLength: 6 }),
        (text, edits) => {
          let changed = text;
          for (const [at, drop, piece] of edits) {
            const start = at % (changed.length + 1);
            changed = changed.slice(0, start) + piece + changed.slice(start + drop);
          }
          check(changed);
        },
      ),
      { numRuns: 300 },
    );
  });

  test.each(['{', '{\n', '}', 'a {\n', '"', '${', '{{', '{% ', ';', '\\\n', '<a>\n', '<<E\n', '#', 'a ', '<a ', '"\\'])(
    '30,000 of %j',
    (piece) => {
      const before = cpuTime();
      check(piece.repeat(30_000));
      check(`server { ${piece.repeat(30_000)}`);
      expect(cpuTime() - before).toBeLessThan(6000);
    },
  );
});

const TRAEFIK = `[http.routers.app]
  rule = "Host(\`a\`)"
  middlewares = ["sec"]
[http.middlewares.sec.headers]
  stsSeconds = 31536000
[[http.services.app.loadBalancer.servers]]
  url = "http://app:80"
`;
const ENVOY = `static_resources:
  listeners:
    - address: {socket_address: {address: 0.0.0.0, port_value: 443}}
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                route_config:
                  virtual_hosts:
                    - name: a
                      response_headers_to_add:
                        - header: {key: x-frame-options, value: DENY}
                      routes:
                        - match: {prefix: /}
                          route: {cluster: app}
`;
const indented = (text: string, by: string) => text.replace(/^(?=.)/gm, by);
const CONFIG_MAP = `apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data:
  envoy.yaml: |
${indented(ENVOY, '    ')}  traefik.toml: |
${indented(TRAEFIK, '    ')}  site.conf: "server {\\n listen 80;\\n}\\n"
  run.sh: |
    cat > /etc/nginx/nginx.conf <<'EOF'
${indented(NGINX, '    ')}    EOF
`;
const TERRAFORM = `resource "aws_instance" "web" {
  user_data = <<-DATA
    cat > /etc/caddy/Caddyfile <<'CONF'
${indented(CADDY, '    ')}    CONF
    echo '${APACHE}' > /etc/apache2/sites-enabled/a.conf
  DATA
}
`;
const SITES: readonly (readonly [string, string])[] = [
  ['_headers', '/*\n  X-Frame-Options: DENY\n/a\n  X-A: b\n'],
  ['netlify.toml', '[[headers]]\n  for = "/*"\n  [headers.values]\n    X-Frame-Options = "DENY"\n'],
  ['vercel.json', '{"headers": [{"source": "/(.*)", "headers": [{"key": "X-A", "value": "b"}]}]}'],
  ['firebase.json', '{"hosting": [{"public": "a", "headers": [{"source": "**", "headers": []}]}]}'],
  ['staticwebapp.config.json', '{"globalHeaders": {"X-A": "b"}}'],
];
const FILES: readonly (readonly [string, string])[] = [
  ['nginx.conf', NGINX],
  ['Caddyfile', CADDY],
  ['.htaccess', APACHE],
  ['haproxy.cfg', HAPROXY],
  ['dynamic.toml', TRAEFIK],
  ['envoy.yaml', ENVOY],
  ['cm.yaml', CONFIG_MAP],
  ['web.tf', TERRAFORM],
  ['run.sh', TERRAFORM],
  ...SITES,
];

describe('hostile files', () => {
  /** Every object with a start and an end, wherever it is. */
  const spansIn = (value: unknown, into: { start: number; end: number }[] = []): { start: number; end: number }[] => {
    if (typeof value !== 'object' || value === null) return into;
    const { start, end } = value as { start?: unknown; end?: unknown };
    if (typeof start === 'number' && typeof end === 'number') into.push({ start, end });
    for (const inner of Object.values(value)) spansIn(inner, into);
    return into;
  };

  test('the samples are read', async () => {
    const extract = await webserver.load();
    for (const [path, text] of FILES) {
      expect([path, webserver.accepts(path) && webserver.recognises!(path, text)]).toEqual([path, true]);
      expect([path, extract({ path, text, words: [] }).data === undefined]).toEqual([path, false]);
    }
    const { data } = extract({ path: 'cm.yaml', text: CONFIG_MAP, words: [] });
    expect([data?.configs.length, data?.traefik?.length, data?.envoy?.length]).toEqual([2, 4, 1]);
    const { span } = data!.configs[0]!.directives[0]!;
    expect(CONFIG_MAP.slice(span.start, span.end)).toMatch(/server \{|^http/);
  });

  test('mutated files never throw and keep their spans inside', async () => {
    const extract = await webserver.load();
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '\n',
      '\\',
      ':',
      '#',
      '<<E\n',
      '- ',
      '  ',
      '|\n',
      '&a ',
      '*a',
      '=',
      '{{ x }}',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...FILES),
        fc.array(fc.tuple(fc.nat(), fc.nat(12), fc.constantFrom(...pieces)), { minLength: 1, maxLength: 5 }),
        ([path, text], edits) => {
          let changed = text;
          for (const [at, drop, piece] of edits) {
            const start = at % (changed.length + 1);
            changed = changed.slice(0, start) + piece + changed.slice(start + drop);
          }
          const { data, problems = [] } = extract({ path, text: changed, words: [] });
          for (const { start, end } of spansIn([data, problems])) {
            if (!(start >= 0 && start <= end && end <= changed.length))
              throw new Error(`span ${start}-${end} of ${changed.length} in ${path}`);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test.each(['\n', '<<A\n', "echo '", "echo 'x'", 'include a;\n', 'server {\n', '[[headers]]\n', '/a\n  X: b\n', ' '])(
    '1,000 of %j take their time in proportion',
    async (piece) => {
      const extract = await webserver.load();
      const before = cpuTime();
      for (const [path, text] of FILES) {
        const long = `${text}${piece.repeat(1000)}`;
        if (webserver.recognises!(path, long)) extract({ path, text: long, words: [] });
      }
      expect(cpuTime() - before).toBeLessThan(10_000);
    },
    30_000,
  );
});
