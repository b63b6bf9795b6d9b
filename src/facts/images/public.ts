/** Knows which images others publish: official ones of Docker Hub, and those of projects that many clusters run. */
import type { ImageRef } from '../images.ts';

/** Names of Docker Hub's own images that programs and folders often have as well. */
const OFFICIAL = new Set(
  (
    'adminer aerospike alpine arangodb bash busybox caddy cassandra centos chronograf clojure composer consul convertigo ' +
    'couchbase couchdb crate debian docker drupal eclipse-mosquitto eclipse-temurin elasticsearch elixir emqx erlang ' +
    'fedora flink fluentd gcc geonetwork ghost golang gradle groovy haproxy haskell httpd influxdb joomla jruby julia ' +
    'kapacitor kibana kong logstash mariadb matomo maven mediawiki memcached mongo mongo-express monica mysql nats neo4j ' +
    'neurodebian nextcloud nginx node odoo open-liberty openjdk oraclelinux percona perl php postfixadmin postgres pypy ' +
    'python r-base rabbitmq redis redmine registry rethinkdb rocket.chat ros ruby rust sapmachine satosa solr sonarqube ' +
    'spark spiped storm swift teamspeak telegraf tomcat tomee traefik ubuntu unit varnish vault websphere-liberty ' +
    'wordpress xwiki yourls zookeeper'
  ).split(' '),
);

/** Owners of images, as the name begins behind the registry. */
const OWNERS =
  /^(?:bitnami|bitnamilegacy|bitnamicharts|linuxserver|spiffe|spire|hashicorp|prom|prometheus|prometheus-operator|prometheuscommunity|grafana|jaegertracing|openzipkin|otel|opentelemetry-collector-releases|apache|apachepulsar|confluentinc|elastic|elasticsearch|kibana|opensearchproject|envoyproxy|istio|fluxcd|argoproj|argoprojlabs|jetstack|kube-state-metrics|ingress-nginx|metrics-server|external-secrets|fluent|fluentd|minio|nginxinc|nginx|redis|valkey|valkey-io|temporalio|dexidp|keycloak|oauth2-proxy|goharbor|sonatype|jenkins|gitea|metabase|cloudflare|coredns|calico|cilium|falcosecurity|aquasec|aquasecurity|open-policy-agent|openpolicyagent|velero|rook|ceph|longhornio|rancher|kubernetesui|k8s-dns-node-cache|mcr|dotnet|mssql|azure-storage|datadog|newrelic|portainer|vaultwarden|postgis|timescale|clickhouse|qdrant|chromadb|ollama|n8nio|nats-io|natsio|eqalpha|dpage|axllent|mailhog|maildev|localstack|selenium|verdaccio|gotenberg|tecnativa)\//;

/** True for an image that another project publishes; `repository` is the address of the scanned one. */
export function isPublic({ registry, repository }: ImageRef, own?: string): boolean {
  const hub = registry === undefined || /^(?:index\.)?docker\.io$/.test(registry);
  const name = repository.toLowerCase();
  if (registry === 'registry.k8s.io' || registry === 'k8s.gcr.io') return true;
  if (hub && !name.includes('/')) return OFFICIAL.has(name);
  if (hub && name.startsWith('library/')) return true;
  const owner = OWNERS.test(name) ? name.slice(0, name.indexOf('/')) : undefined;
  return owner !== undefined && !(own ?? '').toLowerCase().split(/[/:]/).includes(owner);
}
