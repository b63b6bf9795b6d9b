/** Knows all servers at the edge of a repository that answer the public, and the headers that each of them sends. */

import { apacheHosts } from './edge/apache.ts';
import { apisixRoutes } from './edge/apisix.ts';
import { azureServers } from './edge/azure.ts';
import { balancers } from './edge/balancers.ts';
import { caddySites } from './edge/caddy.ts';
import { cdnServers } from './edge/cdn.ts';
import { clusterServers } from './edge/cluster.ts';
import { envoyServers } from './edge/envoy.ts';
import { haproxyFrontends } from './edge/haproxy.ts';
import { kongServices } from './edge/kong.ts';
import { lighttpdServers } from './edge/lighttpd.ts';
import { nginxServers } from './edge/nginx.ts';
import { reachable } from './edge/reach.ts';
import type { EdgeServer } from './edge/server.ts';
import { siteServers } from './edge/sites.ts';
import { traefikServers } from './edge/traefik.ts';
import type { Facts } from './facts.ts';

export { common, type EdgeServer, type Header, type Headers } from './edge/server.ts';

/**
 * To be used as `facts.linked(edgeServers)`. Servers that only redirect or refuse, and internal ones, are left out;
 * those that only answer another server of the repository say so.
 */
export function edgeServers(facts: Facts): readonly EdgeServer[] {
  const all = [
    ...nginxServers(facts),
    ...caddySites(facts),
    ...apacheHosts(facts),
    ...haproxyFrontends(facts),
    ...lighttpdServers(facts),
    ...traefikServers(facts),
    ...envoyServers(facts),
    ...kongServices(facts),
    ...apisixRoutes(facts),
    ...clusterServers(facts),
    ...cdnServers(facts),
    ...azureServers(facts),
    ...balancers(facts),
    ...siteServers(facts),
  ];
  return reachable(all, facts);
}
