/** Knows which command could ask a service whether it is alive, with what its image holds. */
import type { Stage } from './dockerfile.ts';
import { parentImage, servicePorts } from './service-image.ts';

/** What asks a service that speaks no HTTP, by the name of its program or image. */
const ASKED: readonly (readonly [RegExp, string])[] = [
  [/redis|valkey|keydb/, 'redis-cli ping'],
  [/postgres|postgis|timescale/, 'pg_isready'],
  [/mysql|mariadb|percona/, 'mysqladmin ping'],
  [/mongo/, 'mongosh --eval "db.runCommand({ ping: 1 })"'],
  [/rabbitmq/, 'rabbitmq-diagnostics -q ping'],
  [/spire-agent/, 'spire-agent healthcheck'],
  [/spire-server/, 'spire-server healthcheck'],
];

const CURL = 'curl -f URL || exit 1';
/** What fetches a page, by the name and tag of the base image; empty where it has no shell. */
const FETCHES: readonly (readonly [RegExp, string])[] = [
  [/^scratch:|distroless|(?:^|\/)static[-:]/, ''],
  [/alpine|busybox/, 'wget -q --spider URL || exit 1'],
  [/(?:^|\/)(?:python|pypy)[\d.]*:/, `python -c "import urllib.request as u; u.urlopen('URL')"`],
  [/(?:^|\/)node(?:js)?:/, `node -e "fetch('URL').then((r) => { if (!r.ok) throw r.status; })"`],
  [/(?:^|\/)ruby:/, `ruby -rnet/http -e "exit Net::HTTP.get_response(URI('URL')).is_a?(Net::HTTPSuccess)"`],
];

/** A command for a HEALTHCHECK of an image that runs a service, as `because` of its verdict tells; undefined: nobody can say. */
export function healthExample(chain: readonly Stage[], because: string): string | undefined {
  const base = parentImage(chain);
  const own = ASKED.find(([names]) => names.test(`${because} ${base?.repository ?? ''}`))?.[1];
  if (own !== undefined) return own;
  // What speaks UDP alone answers no request for a page.
  const port = servicePorts(chain).flatMap((text) => /^(\d+)(?:\/tcp)?$/i.exec(text)?.[1] ?? [])[0];
  if (port === undefined) return undefined;
  const hasCurl = chain.some(({ runs }) => runs.some(({ command }) => /\bcurl\b/.test(command.text)));
  const named = `${base?.repository ?? ''}:${base?.tag ?? ''}`.toLowerCase();
  const fetches = hasCurl ? CURL : (FETCHES.find(([images]) => images.test(named))?.[1] ?? CURL);
  return fetches.replace('URL', `http://localhost:${port}/health`) || undefined;
}
