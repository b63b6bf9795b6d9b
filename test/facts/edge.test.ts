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
