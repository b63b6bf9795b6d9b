/** Knows which published images start a service by themselves. */

/** By the last part of their name or by all of it; after a colon a word that the tag must hold. */
export const SERVICE_IMAGES: readonly string[] = (
  'nginx nginx-unprivileged openresty httpd caddy traefik haproxy envoy redis valkey keydb memcached ' +
  'postgres postgresql postgis timescaledb mysql mariadb percona mongo mongodb couchdb couchbase cassandra ' +
  'scylla neo4j influxdb clickhouse-server elasticsearch opensearch solr kibana logstash fluentd fluent-bit ' +
  'rabbitmq nats kafka cp-kafka zookeeper activemq mosquitto emqx consul vault etcd minio registry grafana ' +
  'prometheus alertmanager loki jaeger zipkin jenkins keycloak sonarqube nexus3 tomcat jetty wildfly ' +
  'wordpress ghost drupal joomla nextcloud odoo gitea metabase superset n8n unit php:apache php:fpm ' +
  'tiangolo/uvicorn-gunicorn-fastapi'
).split(' ');
