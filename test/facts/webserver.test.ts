import { describe, expect, test } from '@jest/globals';
import {
  type Directive,
  type Parsed,
  parseApache,
  parseCaddy,
  parseHaproxy,
  parseNginx,
} from '../../src/facts/directives.ts';
import { webserver } from '../../src/facts/webserver.ts';
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
  const parsers: readonly ((text: string) => Parsed)[] = [parseNginx, parseCaddy, parseApache, parseHaproxy];
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
      const before = performance.now();
      check(piece.repeat(30_000));
      check(`server { ${piece.repeat(30_000)}`);
      expect(performance.now() - before).toBeLessThan(6000);
    },
  );
});
