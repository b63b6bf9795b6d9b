import { dockerfileHealthcheck } from '../../src/checks/dockerfile-healthcheck.ts';
import { testCheck } from '../check-tester.ts';

const deployment = (image: string, rest: string, kind = 'Deployment') =>
  `apiVersion: apps/v1\nkind: ${kind}\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n        - name: web\n          image: ${image}\n          ${rest}\n`;
const PROBE = 'livenessProbe: {tcpSocket: {port: 80}}';

// The stage is what a finding names: taking its FROM line away leaves another final stage or none at all.
const skip = ['comment'] as const;

testCheck(dockerfileHealthcheck, {
  valid: [
    {
      name: 'healthcheck of a service that runs the image of the repository by its owner and name',
      files: {
        Dockerfile:
          'ARG FROM\nFROM ${FROM}\nCMD ["uvicorn", "x:y"]\nLABEL org.opencontainers.image.source="https://github.com/acme-shop/shop-docker.git"\n',
        'compose.yaml':
          'services:\n  web:\n    image: docker.io/acmeshop/shop:${V-1}\n    healthcheck: {test: curl -f http://localhost:8080}\n',
      },
    },
    {
      name: 'base images that bring a check of their own',
      files: { 'mail/Dockerfile': 'FROM maildev/maildev\nEXPOSE 1080\n' },
    },
    ...[
      'wget -q --spider http://localhost:80/health || exit 1',
      `node -e "fetch('http://localhost:80/health').then((r) => { if (!r.ok) throw r.status; })"`,
      `ruby -rnet/http -e "exit Net::HTTP.get_response(URI('http://localhost:80/health')).is_a?(Net::HTTPSuccess)"`,
      'spire-agent healthcheck',
    ].map((command) => ({
      name: `a hint that was taken: ${command}`,
      files: { Dockerfile: `FROM a\nEXPOSE 80\nHEALTHCHECK CMD ${command}\nCMD ["x"]\n` },
    })),
    {
      name: 'a HEALTHCHECK',
      files: { Dockerfile: 'FROM a\nHEALTHCHECK CMD curl -f localhost || exit 1\nCMD ["nginx"]\n' },
    },
    { name: 'exec form', files: { Containerfile: 'FROM a\nHEALTHCHECK CMD ["/app", "health"]\nCMD ["/app"]\n' } },
    {
      name: 'inherited from a stage',
      files: { 'api.Dockerfile': 'FROM a AS base\nHEALTHCHECK CMD /check\nFROM base\nFROM base AS run\nEXPOSE 80\n' },
    },
    {
      name: 'the last of two counts',
      files: { Dockerfile: 'FROM a AS x\nHEALTHCHECK CMD true\nFROM x\nHEALTHCHECK CMD /check\nCMD ["nginx"]\n' },
    },
    {
      name: 'two products with one each',
      files: {
        Dockerfile:
          'FROM a AS api\nHEALTHCHECK CMD /c\nCMD ["uvicorn"]\nFROM a AS web\nHEALTHCHECK CMD /d\nCMD ["nginx"]\n',
      },
      subjects: 2,
    },
    {
      name: 'healthcheck of the compose service that builds it',
      files: {
        'app/Dockerfile': 'FROM python:3\nCMD ["uvicorn", "x:y"]\n',
        'compose.yaml':
          'services:\n  app:\n    build: ./app\n    healthcheck:\n      test: ["CMD", "curl", "-f", "http://localhost"]\n',
      },
    },
    {
      name: 'healthcheck of a compose service by image name, in an override',
      files: {
        'svc/Dockerfile': 'FROM python:3\nEXPOSE 1\nCMD ["python", "x.py"]\n',
        'compose.yaml': 'services:\n  one:\n    image: shop/one:1\n    build: svc\n',
        'deploy/docker-compose.yml': 'services:\n  two:\n    image: shop/one:2\n    healthcheck: {test: /ask}\n',
      },
    },
    {
      name: 'probe of a workload whose image a pipeline builds under another name',
      files: {
        'src/a/Dockerfile': 'FROM a\nEXPOSE 1\nCMD ["uvicorn"]\n',
        '.github/workflows/x.yml':
          'on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: docker build -t "$REGISTRY/shopfront:$TAG" --file=src/a/Dockerfile src/a\n',
        'k.yaml': deployment('registry.example/shopfront:1', 'readinessProbe: {tcpSocket: {port: 1}}'),
      },
    },
    {
      name: 'probe of a workload whose image an action builds',
      files: {
        'src/a/Dockerfile': 'FROM a\nEXPOSE 1\nCMD ["uvicorn"]\n',
        '.github/workflows/x.yml':
          'on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          context: src/a\n          tags: ghcr.io/${{ github.repository }}/shopfront:${{ github.sha }}\n',
        'k.yaml': deployment('registry.example/shopfront:1', 'readinessProbe: {tcpSocket: {port: 1}}'),
      },
    },
    {
      name: 'healthcheck of a compose service that runs a stage built by name',
      files: {
        'x/Dockerfile':
          'FROM a AS base\nFROM base AS one\nEXPOSE 1\nCMD ["uvicorn"]\nFROM base AS two\nEXPOSE 2\nCMD ["uvicorn"]\nHEALTHCHECK CMD /c\n',
        'build.sh': '#!/bin/sh\ndocker build --target one -t shop-one x\n',
        'compose.yaml': 'services:\n  a:\n    image: shop-one\n    healthcheck: {test: /ask}\n',
      },
      subjects: 2,
    },
    {
      name: 'health command of docker run',
      files: {
        'srv/Dockerfile': 'FROM a\nEXPOSE 1\nCMD ["uvicorn"]\n',
        'srv/run.sh':
          '#!/bin/sh\ndocker build -t mine .\ndocker run -d --health-cmd "curl -f localhost || exit 1" -p 1:1 mine\n',
      },
    },
    {
      name: 'probe of the workload, joined by folder name',
      files: {
        'src/orders/Dockerfile': 'FROM golang:1\nEXPOSE 80\nENTRYPOINT ["/server"]\n',
        'k8s/web.yaml': deployment('registry.example.org/x/orders:v1', PROBE),
      },
    },
    {
      name: 'probe of the workload, joined by the program',
      files: { Dockerfile: 'FROM alpine\nCMD ["./shopd"]\n', 'k8s/web.yaml': deployment('ghcr.io/me/shopd', PROBE) },
    },
    {
      name: 'probe of the workload, joined by the ending of the file name',
      files: {
        'Dockerfile.ledger': 'FROM node:1\nCMD ["node", "server.js"]\n',
        'k8s/web.yaml': deployment('me/bank-ledger:1', PROBE),
      },
    },
    {
      name: 'probe of the workload, joined by Skaffold',
      files: {
        'a/b/Dockerfile.x': 'FROM node:1\nCMD ["node", "server.js"]\n',
        'skaffold.yaml':
          'apiVersion: skaffold/v4\nkind: Config\nbuild:\n  artifacts:\n    - image: front\n      context: a/b\n      docker: {dockerfile: Dockerfile.x}\n',
        'k8s/web.yaml': deployment('front', PROBE),
      },
    },
    {
      name: 'healthcheck of a service that runs the published stage, where an override builds another',
      files: {
        Dockerfile:
          'FROM php:8 AS base\nFROM base AS production\nEXPOSE 80\nCMD ["php", "http.php"]\nFROM base AS development\nEXPOSE 80\nCMD ["php", "http.php"]\n',
        'ship.sh': '#!/bin/sh\ndocker build --target production -t shop/front .\n',
        'compose.yaml':
          'services:\n  front:\n    image: ${IMAGE:-shop/front}:${TAG:-latest}\n    ports: ["80:80"]\n    healthcheck: {test: curl -f http://localhost}\n',
        'compose.override.yaml':
          'services:\n  front:\n    image: front-dev\n    build: {context: ., target: development}\n',
      },
      subjects: 2,
    },
    {
      name: 'a builder in front, an intermediate stage that serves',
      files: {
        Dockerfile:
          'FROM node:1 AS build\nEXPOSE 80\nCMD ["npm", "start"]\nFROM a\nCOPY --from=build /a /b\nHEALTHCHECK CMD /c\nCMD ["nginx"]\n',
      },
      subjects: 1,
    },
    {
      name: 'probe of the plain edition of the image',
      files: {
        'shop/Dockerfile': 'FROM debian\nEXPOSE 80\nCMD ["/shop"]\n',
        'shop/Dockerfile-alpine': 'FROM alpine\nEXPOSE 80\nCMD ["/shop"]\n',
        'k8s/web.yaml': deployment('me/shop', PROBE),
      },
      subjects: 2,
    },
    {
      name: 'probe of the workload whose image a script builds from a Dockerfile that moved',
      files: {
        'ops/docker/mesh/Dockerfile': 'FROM scratch\nCOPY m /m\nEXPOSE 1\nENTRYPOINT ["/m"]\n',
        'build.sh':
          '#!/bin/sh\nROOT="$(pwd)"\nFILE="$ROOT/docker/mesh/Dockerfile"\nIMAGE="${IMAGE:-me/carrier}"\ndocker build -f "$FILE" -t "$IMAGE" .\n',
        'k8s/web.yaml': deployment('me/carrier:1', PROBE),
      },
    },
    {
      name: 'healthcheck of a compose service whose image bake builds',
      files: {
        Dockerfile: 'FROM node:20\nEXPOSE 80\nCMD ["node", "server.js"]\n',
        '.github/workflows/x.yml':
          'on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: docker/metadata-action@v5\n        with:\n          images: team/shop-server\n      - uses: docker/bake-action@v5\n        with:\n          targets: image\n',
        'compose.yaml': 'services:\n  a:\n    image: team/shop-server:latest\n    healthcheck: {test: /ask}\n',
      },
    },
    {
      name: 'healthcheck of a compose service whose image a command bakes in another job',
      files: {
        Dockerfile: 'FROM node:20\nEXPOSE 80\nCMD ["node", "server.js"]\n',
        '.github/workflows/x.yml':
          'on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: docker/metadata-action@v5\n        with:\n          images: team/shop-server\n  b:\n    runs-on: x\n    steps:\n      - run: docker buildx bake image -f docker-bake.hcl\n',
        'compose.yaml': 'services:\n  a:\n    image: team/shop-server:latest\n    healthcheck: {test: /ask}\n',
      },
    },
    {
      name: 'inherited from another Dockerfile of the repository',
      files: {
        'base/Dockerfile': 'FROM debian\nHEALTHCHECK CMD /ask\n',
        'shop/Dockerfile': 'FROM me/base:1\nCMD ["nginx"]\n',
        'build.sh': '#!/bin/sh\ndocker build -t me/base:1 base\n',
      },
      subjects: 2,
    },
  ],
  invalid: [
    ...(
      [
        ['FROM alpine:3\nEXPOSE 80/tcp\nCMD ["x"]\n', 'wget -q --spider http://localhost:80/health || exit 1'],
        ['FROM node:22-alpine\nEXPOSE 53/udp 80\nCMD ["x"]\n', 'wget -q --spider http://localhost:80/health'],
        ['FROM node:22-slim\nEXPOSE 80\nCMD ["x"]\n', `node -e "fetch('http://localhost:80/health').then(`],
        ['FROM python:3-slim\nEXPOSE 80\nCMD ["x"]\n', "u.urlopen('http://localhost:80/health')"],
        ['FROM ruby:3-slim\nEXPOSE 80\nCMD ["x"]\n', "Net::HTTP.get_response(URI('http://localhost:80/health'))"],
        ['FROM alpine:3\nRUN apk add curl\nEXPOSE 80\nCMD ["x"]\n', 'curl -f http://localhost:80/health || exit 1'],
        ['FROM debian:12\nEXPOSE 80\nCMD ["x"]\n', 'curl -f http://localhost:80/health || exit 1'],
        ['FROM python:3\nCMD ["spire-agent", "run"]\n', 'spire-agent healthcheck'],
        ['FROM alpine:3\nEXPOSE 53/udp\nCMD ["x"]\n', 'asks the service itself, or a healthcheck in compose'],
        ['FROM python:3\nCMD ["uvicorn", "x:y"]\n', 'asks the service itself, or a healthcheck in compose'],
        ['FROM scratch\nEXPOSE 80\nCMD ["/x"]\n', 'asks the service itself, or a healthcheck in compose'],
      ] as const
    ).map(([file, fix]) => ({
      name: `what could ask in ${file}`,
      files: { Dockerfile: file },
      findings: [{ message: 'missing', at: 'Dockerfile:1', fix }],
      skip,
    })),
    {
      name: 'a program that may be a client',
      files: { Dockerfile: 'FROM python:3\nENTRYPOINT ["python3", "relay.py"]\nCMD ["connect"]\n' },
      findings: [{ message: 'missing', at: 'Dockerfile:1', what: '(relay.py)', confidence: 'low' }],
      skip,
    },
    {
      name: 'a base that only an archive builds says nothing',
      files: {
        'Dockerfile.relay': 'FROM shop-relay:latest\nENTRYPOINT ["python3", "relay.py"]\nCMD ["server"]\n',
        'archive/compose.yaml': 'services:\n  relay:\n    build: {context: ., dockerfile: Dockerfile.old}\n',
        'archive/Dockerfile.old': 'FROM python:3\nEXPOSE 4433/udp\nCMD ["python3", "old.py"]\n',
      },
      findings: [{ message: 'missing', at: 'Dockerfile.relay:1', what: '(relay.py server)', confidence: 'high' }],
      skip,
    },
    {
      name: 'a service that runs the image of another owner',
      files: {
        Dockerfile:
          'FROM debian\nCMD ["uvicorn", "x:y"]\nLABEL org.opencontainers.image.source="https://github.com/acme-shop/shop-docker.git"\n',
        'compose.yaml':
          'services:\n  web:\n    image: docker.io/other/shop:1\n    healthcheck: {test: curl -f http://localhost:8080}\n',
      },
      findings: [{ message: 'missing', at: 'Dockerfile:1', confidence: 'high' }],
      skip,
    },
    {
      name: 'a script behind an init and an entry script that hands its arguments over',
      files: {
        Dockerfile:
          'FROM debian\nCOPY docker /opt\nENTRYPOINT ["tini", "--"]\nCMD ["/opt/docker-entrypoint.sh", "/opt/launch.sh"]\n',
        'docker/docker-entrypoint.sh': '#!/bin/sh\nmigrate\nexec "$@"\n',
        'docker/launch.sh': '#!/bin/sh\nexec unitd --no-daemon\n',
      },
      findings: [{ message: 'missing', at: 'Dockerfile:1', confidence: 'high' }],
      skip,
    },
    {
      name: 'a client with the port of its siblings, named by a variable: to review',
      files: {
        'roll/Dockerfile':
          'FROM debian\nENV APPLICATION roll-out-client\nEXPOSE 8085\nCMD ["/bin/bash", "-c", "bin/${APPLICATION}"]\n',
      },
      findings: [{ message: 'missing', at: 'roll/Dockerfile:1', confidence: 'low' }],
      skip,
    },
    {
      name: 'the stage in front of one that tests it',
      files: {
        Dockerfile: 'FROM debian AS shop\nEXPOSE 80\nFROM shop AS shop-test\nRUN make test\n',
        'compose.yaml': 'services:\n  shop:\n    build: .\n    ports: ["80:80"]\n',
      },
      findings: [{ message: 'missing', at: 'Dockerfile:1', confidence: 'high' }],
      skip,
    },
    {
      name: 'the base, and not the images that only add files to it',
      files: {
        Makefile: 'all:\n\tdocker build -t acme/shop:1 server\n',
        'server/Dockerfile': 'FROM debian\nEXPOSE 80\nENTRYPOINT ["/sbin/my_init"]\n',
        'fix/1/Dockerfile': 'FROM acme/shop:1\nCOPY fix.patch /\n',
        'fix/2/Dockerfile': 'FROM acme/shop:2\nRUN patch < fix.patch\n',
      },
      findings: [{ message: 'missing', at: 'server/Dockerfile:1', confidence: 'high' }],
      skip,
    },
    {
      name: 'a base, and an image upon it that starts something else',
      files: {
        Makefile: 'all:\n\tdocker build -t acme/shop:1 server\n',
        'server/Dockerfile': 'FROM debian\nEXPOSE 80\n',
        'web/Dockerfile': 'FROM acme/shop:1\nCMD ["gunicorn", "web"]\n',
      },
      findings: [
        { message: 'missing', at: 'server/Dockerfile:1' },
        { message: 'missing', at: 'web/Dockerfile:1' },
      ],
      skip,
    },
    {
      name: 'a port, though the name of the program sounds like a job',
      files: { 'x/Dockerfile': 'FROM golang:1\nEXPOSE 80\nCMD ["/health-check"]\n' },
      findings: [{ message: 'missing', at: 'x/Dockerfile:1', confidence: 'high', fix: 'curl -f http://localhost:80/' }],
      skip,
    },
    {
      name: 'a database, which speaks no HTTP',
      files: { 'x/Dockerfile': 'FROM valkey/valkey:8\nEXPOSE 6379\n' },
      findings: [{ message: 'missing', at: 'x/Dockerfile:1', fix: '`HEALTHCHECK CMD redis-cli ping`' }],
      skip,
    },
    {
      name: 'a script whose name says nothing: to review',
      files: { 'x/Dockerfile': 'FROM python:3\nCMD ["python", "main.py"]\n' },
      findings: [{ message: 'missing', at: 'x/Dockerfile:1', confidence: 'low' }],
      skip,
    },
    {
      name: 'a start script that hands over to a server, loops or passes its arguments on',
      files: {
        'a/Dockerfile': 'FROM debian\nCOPY start.sh /\nENTRYPOINT ["/start.sh"]\n',
        'a/start.sh': '#!/bin/sh\nif true; then exec nginx -g x; fi\n',
        'b/Dockerfile': 'FROM debian\nCMD ["bash", "/opt/loop.sh"]\n',
        'b/rootfs/loop.sh': '#!/bin/sh\nwhile sleep 5; do true; done\n',
        'c/Dockerfile': 'FROM debian\nENTRYPOINT ["tini", "--", "/go.sh"]\nCMD ["gunicorn", "x"]\n',
        'c/go.sh': '#!/bin/sh\nexec "$@"\n',
      },
      findings: [
        { message: 'missing', at: 'a/Dockerfile:1', confidence: 'high' },
        { message: 'missing', at: 'b/Dockerfile:1', confidence: 'high' },
        { message: 'missing', at: 'c/Dockerfile:1', confidence: 'high' },
      ],
      skip,
    },
    {
      name: 'an init of a base image of the repository, kept running by compose',
      files: {
        'base/Dockerfile': 'FROM debian\nENTRYPOINT ["/init"]\n',
        'video/Dockerfile': 'ARG REPO=me\nFROM ${REPO}/base:latest\n',
        Makefile: 'all:\n\tdocker build -t me/base base\n',
        'compose.yaml': 'services:\n  a:\n    image: me/video:1\n    restart: always\n',
      },
      findings: [{ message: 'missing', at: 'video/Dockerfile:2', confidence: 'high' }],
      skip,
    },
    {
      name: 'a compose service that always restarts, by a variable',
      files: {
        'thing/Dockerfile': 'FROM alpine\nCMD ["/thing"]\n',
        'compose.yaml': 'services:\n  a:\n    image: me/thing:1\n    restart: ${POLICY:-unless-stopped}\n',
      },
      findings: [{ message: 'missing', at: 'thing/Dockerfile:1', confidence: 'high' }],
      skip,
    },
    {
      name: 'service of a program that docker run leaves running',
      files: {
        'srv/Dockerfile': 'FROM a\nCMD ["./thing"]\n',
        'deploy.sh': '#!/bin/sh\ncd srv && docker build -t mine . && docker run -d mine\n',
      },
      findings: [{ message: 'missing', at: 'srv/Dockerfile:1' }],
    },
    {
      name: 'EXPOSE',
      files: { Dockerfile: 'FROM alpine\nEXPOSE 80\n' },
      findings: [{ message: 'missing', at: 'Dockerfile:1' }],
      skip,
    },
    {
      name: 'a server as CMD',
      files: { 'x/Dockerfile.api': 'FROM python:3\nCMD ["gunicorn", "app"]\n' },
      findings: [{ message: 'missing', at: 'x/Dockerfile.api:1', confidence: 'high' }],
      skip,
    },
    {
      name: 'a server in shell form',
      files: { Dockerfile: 'FROM python:3\nCMD cd /app && exec uvicorn app:app\n' },
      findings: [{ message: 'missing', at: 'Dockerfile:1' }],
      skip,
    },
    {
      name: 'a script of an interpreter',
      files: { Dockerfile: 'FROM python:3\nENTRYPOINT ["python"]\nCMD ["app.py"]\n' },
      findings: [{ message: 'missing', at: 'Dockerfile:1' }],
      skip,
    },
    {
      name: 'npm start',
      files: { Dockerfile: 'FROM node:20\nCMD ["npm", "start"]\n' },
      findings: [{ message: 'missing', at: 'Dockerfile:1' }],
      skip,
    },
    {
      name: 'behind wrappers',
      files: { Dockerfile: 'FROM a\nENTRYPOINT ["/usr/bin/tini", "--", "poetry", "run"]\nCMD ["uvicorn", "a:b"]\n' },
      findings: [{ message: 'missing', at: 'Dockerfile:1' }],
      skip,
    },
    {
      name: 'java -jar',
      files: { Dockerfile: 'FROM openjdk:21\nENTRYPOINT exec java $OPTS -jar /app.jar\n' },
      findings: [{ message: 'missing', at: 'Dockerfile:1' }],
      skip,
    },
    {
      name: 'a service base image without CMD',
      files: { Dockerfile: 'FROM node:20 AS b\nFROM nginx:alpine\nCOPY --from=b /x /y\n' },
      findings: [{ message: 'missing', at: 'Dockerfile:2' }],
      skip,
    },
    {
      name: 'a service base image by tag',
      files: { Dockerfile: 'FROM php:8.3-apache\nCOPY . /var/www\n' },
      findings: [{ message: 'missing', at: 'Dockerfile:1' }],
      skip,
    },
    {
      name: 'only in a build stage',
      files: { Dockerfile: 'FROM a AS b\nHEALTHCHECK CMD /c\nFROM alpine\nCOPY --from=b /x /y\nEXPOSE 1\n' },
      findings: [{ message: 'missing', at: 'Dockerfile:3' }],
      skip,
    },
    {
      name: 'only in a comment',
      files: { Dockerfile: 'FROM nginx\n# HEALTHCHECK CMD curl -f localhost\n' },
      findings: [{ message: 'missing', at: 'Dockerfile:1' }],
      skip,
    },
    {
      name: 'in a heredoc',
      files: { Dockerfile: 'FROM nginx\nCOPY <<E /x\nHEALTHCHECK CMD /c\nE\n' },
      findings: [{ message: 'missing', at: 'Dockerfile:1' }],
      skip,
    },
    {
      name: 'ONBUILD is for other images',
      files: { Dockerfile: 'FROM nginx\nONBUILD HEALTHCHECK CMD /c\n' },
      findings: [{ message: 'missing', at: 'Dockerfile:1' }],
      skip,
    },
    {
      name: 'NONE',
      files: { Dockerfile: 'FROM nginx\nHEALTHCHECK NONE\n' },
      findings: [{ message: 'disabled', at: 'Dockerfile:2' }],
      skip,
    },
    {
      name: 'NONE over an inherited one',
      files: { Dockerfile: 'FROM nginx AS a\nHEALTHCHECK CMD /c\nFROM a\nHEALTHCHECK NONE\n' },
      findings: [{ message: 'disabled', at: 'Dockerfile:4' }],
      skip,
    },
    ...[
      'exit 0',
      'true',
      'echo ok',
      '["true"]',
      'curl -f localhost || exit 0',
      'curl x; exit 0',
      'curl x || true',
      '["sh", "-c", "exit 0"]',
    ].map((command) => ({
      name: `always healthy: ${command}`,
      files: { Dockerfile: `FROM nginx\nHEALTHCHECK CMD ${command}\n` },
      findings: [{ message: 'vacuous', at: 'Dockerfile:2' }],
      skip,
    })),
    {
      name: 'compose switches it off',
      files: {
        'app/Dockerfile': 'FROM nginx\n',
        'compose.yaml': 'services:\n  app:\n    build: app\n    healthcheck: {disable: true}\n',
      },
      findings: [{ message: 'missing', at: 'app/Dockerfile:1' }],
      skip,
    },
    {
      name: 'a vacuous healthcheck in compose',
      files: {
        'app/Dockerfile': 'FROM nginx\n',
        'compose.yaml': 'services:\n  app:\n    build: app\n    healthcheck: {test: "curl x || exit 0"}\n',
      },
      findings: [{ message: 'vacuous', at: 'compose.yaml:4', confidence: 'high' }],
      skip,
    },
    {
      name: 'a check that always succeeds where a probe asks: to review',
      files: {
        'src/thing/Dockerfile': 'FROM alpine\nEXPOSE 80\nHEALTHCHECK CMD exit 0\n',
        'k8s/web.yaml': deployment('me/thing', PROBE),
      },
      findings: [{ message: 'vacuous', at: 'src/thing/Dockerfile:3', confidence: 'low' }],
      skip,
    },
    {
      name: 'curl that takes an error for an answer: to review',
      files: { Dockerfile: 'FROM nginx\nHEALTHCHECK CMD curl -s http://localhost/ || exit 1\n' },
      findings: [{ message: 'lenient', at: 'Dockerfile:2', confidence: 'low' }],
      skip,
    },
    {
      name: 'something else than the service: to review',
      files: { Dockerfile: 'FROM nginx\nHEALTHCHECK CMD nginx -t\n' },
      findings: [{ message: 'aside', at: 'Dockerfile:2', confidence: 'low' }],
      skip,
    },
    {
      name: 'a port that the service does not listen on: to review',
      files: {
        Dockerfile: 'FROM a\nCMD ["uvicorn", "a:b", "--port=8000"]\nHEALTHCHECK CMD curl -f http://localhost:8080\n',
      },
      findings: [{ message: 'port', at: 'Dockerfile:3', confidence: 'low' }],
      skip,
    },
    {
      name: 'a healthcheck of another service',
      files: {
        'app/Dockerfile': 'FROM nginx\n',
        'compose.yaml':
          'services:\n  app:\n    build: app\n  db:\n    image: postgres:1\n    healthcheck: {test: pg_isready}\n',
      },
      findings: [{ message: 'missing', at: 'app/Dockerfile:1' }],
      skip,
    },
    {
      name: 'an unknown program that a Deployment keeps running',
      files: {
        'src/thing/Dockerfile': 'FROM alpine\nENTRYPOINT ["/thing"]\n',
        'k8s/web.yaml': deployment('me/thing', 'ports: []'),
      },
      findings: [{ message: 'missing', at: 'src/thing/Dockerfile:1', confidence: 'high' }],
      skip,
    },
    {
      name: 'a HEALTHCHECK that Kubernetes ignores: to review',
      files: {
        'src/thing/Dockerfile': 'FROM alpine\nHEALTHCHECK CMD /ask\nCMD ["/thing"]\n',
        'k8s/web.yaml': deployment('me/thing', 'ports: []'),
      },
      findings: [{ message: 'probe', at: 'k8s/web.yaml:9', confidence: 'low' }],
      skip,
    },
    {
      name: 'an unknown base image: to review',
      files: { Dockerfile: 'FROM registry.example.org/team/base\nCOPY . .\n' },
      findings: [{ message: 'missing', at: 'Dockerfile:1', confidence: 'low' }],
      skip,
    },
    {
      name: 'a check that always succeeds where a service runs in front of an idle command',
      files: {
        Dockerfile: 'FROM debian\nHEALTHCHECK CMD true\nCMD ["sh", "-c", "service nginx start; tail -f /dev/null"]\n',
      },
      findings: [{ message: 'vacuous', at: 'Dockerfile:2', confidence: 'high' }],
      skip,
    },
    {
      name: 'a check that always succeeds where a script starts an idle command',
      files: {
        Dockerfile: 'FROM debian\nHEALTHCHECK CMD true\nENTRYPOINT ["/entrypoint.sh"]\nCMD ["sleep", "infinity"]\n',
      },
      findings: [{ message: 'vacuous', at: 'Dockerfile:2', confidence: 'high' }],
      skip,
    },
    {
      name: 'a check that always succeeds where a tail follows the log of a service',
      files: { Dockerfile: 'FROM debian\nHEALTHCHECK CMD true\nCMD tail -f /var/log/mail.log\n' },
      findings: [{ message: 'vacuous', at: 'Dockerfile:2', confidence: 'high' }],
      skip,
    },
    {
      name: 'a port of a program that is named for a job: to review',
      files: { Dockerfile: 'FROM amazoncorretto:21\nEXPOSE 8085\nCMD ["bash", "-c", "shop/bin/shop-bootloader"]\n' },
      findings: [{ message: 'missing', at: 'Dockerfile:1', confidence: 'low' }],
      skip,
    },
    {
      name: 'a port of a program that is named for a job, and what keeps it running',
      files: {
        'tool/Dockerfile': 'FROM alpine\nEXPOSE 8085\nCMD ["/bin/db-migrate"]\n',
        'compose.yaml': 'services:\n  tool:\n    build: tool\n    restart: always\n',
      },
      findings: [{ message: 'missing', at: 'tool/Dockerfile:1', confidence: 'high' }],
      skip,
    },
    {
      name: 'a port of a supervisor called init',
      files: { Dockerfile: 'FROM alpine\nEXPOSE 8085\nENTRYPOINT ["/init"]\n' },
      findings: [{ message: 'missing', at: 'Dockerfile:1', confidence: 'high' }],
      skip,
    },
    {
      name: 'a port of a program that no name tells of',
      files: { Dockerfile: 'FROM alpine\nEXPOSE 8085\nCMD ["/bin/shop-cron"]\n' },
      findings: [{ message: 'missing', at: 'Dockerfile:1', confidence: 'high' }],
      skip,
    },
    {
      name: 'a service that runs an image of others, where an override builds a stage',
      files: {
        Dockerfile:
          'FROM php:8 AS base\nFROM base AS production\nEXPOSE 80\nCMD ["php", "http.php"]\nFROM base AS development\nEXPOSE 80\nCMD ["php", "http.php"]\n',
        'ship.sh': '#!/bin/sh\ndocker build --target production -t shop/front .\n',
        'compose.yaml':
          'services:\n  front:\n    image: ${IMAGE:-other/thing}:${TAG:-latest}\n    ports: ["80:80"]\n    healthcheck: {test: curl -f http://localhost}\n',
        'compose.override.yaml':
          'services:\n  front:\n    image: front-dev\n    build: {context: ., target: development}\n',
      },
      findings: [{ message: 'missing', at: 'Dockerfile:2', confidence: 'high' }],
      skip,
    },
    {
      name: 'several in one stage',
      files: { Dockerfile: 'FROM nginx\nHEALTHCHECK CMD /a\nHEALTHCHECK CMD /b\n' },
      findings: [{ message: 'multiple', at: 'Dockerfile:2', confidence: 'low' }],
    },
    {
      name: 'a stage that tests the product, behind it',
      files: {
        Dockerfile: 'FROM python:3 AS web\nCMD ["uvicorn", "a:b"]\nFROM web AS testing\nRUN pip install pytest\n',
      },
      findings: [{ message: 'missing', at: 'Dockerfile:1' }],
    },
    {
      name: 'a target of compose',
      files: {
        Dockerfile: 'FROM python:3 AS api\nCMD ["uvicorn", "a:b"]\nFROM api AS debug\nHEALTHCHECK CMD /c\n',
        'compose.yaml': 'services:\n  api:\n    build: {context: ., target: api}\n',
      },
      findings: [{ message: 'missing', at: 'Dockerfile:1' }],
      skip,
    },
  ],
  notApplicable: [
    {
      name: 'a placeholder that waits, with a check that always succeeds',
      files: {
        'a/Dockerfile': 'FROM debian\nHEALTHCHECK CMD true\nCMD ["/bin/sh", "-c", "sleep infinity"]\n',
        'b/Dockerfile': 'FROM debian\nHEALTHCHECK CMD true\nCMD tail -f /dev/null\n',
        'c/Dockerfile': 'FROM debian\nHEALTHCHECK CMD true\nENTRYPOINT ["tini", "--"]\nCMD ["sleep", "infinity"]\n',
        'd/Dockerfile': 'FROM scratch\nHEALTHCHECK CMD ["true"]\nENTRYPOINT ["/pause"]\n',
      },
    },
    {
      name: 'images for development and tests, by their folders',
      files: {
        'docker/devenv/Dockerfile': 'FROM debian\nEXPOSE 80\n',
        'docker/test-auth/Dockerfile': 'FROM debian\nEXPOSE 80\n',
      },
    },
    { name: 'nothing', files: { 'README.md': 'x' } },
    { name: 'a command-line tool', files: { Dockerfile: 'FROM alpine\nENTRYPOINT ["/usr/bin/tool"]\n' } },
    {
      name: 'a command-line tool with --help',
      files: { Dockerfile: 'FROM alpine\nENTRYPOINT ["/usr/bin/server-tool"]\nCMD ["--help"]\n' },
    },
    { name: 'a batch job', files: { Dockerfile: 'FROM python:3\nCMD ["python", "migrate.py"]\n' } },
    {
      name: 'a job of Kubernetes',
      files: {
        'src/rollup/Dockerfile': 'FROM alpine\nCMD ["/rollup"]\n',
        'j.yaml': deployment('rollup', 'args: []', 'Job').replace('apps/v1', 'batch/v1'),
      },
    },
    {
      name: 'a load generator that a Deployment keeps running',
      files: {
        'load/Dockerfile': 'FROM python:3\nENTRYPOINT locust --headless\n',
        'k8s/web.yaml': deployment('load', 'ports: []'),
      },
    },
    { name: 'tests', files: { Dockerfile: 'FROM python:3\nCMD ["pytest", "-q"]\n' } },
    { name: 'a compiler', files: { Dockerfile: 'FROM node:20\nCMD ["npx", "hardhat", "compile"]\n' } },
    { name: 'a builder image', files: { Dockerfile: 'FROM golang:1.22\nRUN apt-get install -y make\n' } },
    { name: 'a shell', files: { Dockerfile: 'FROM ubuntu\nEXPOSE 80\nCMD ["/bin/bash"]\n' } },
    { name: 'kept alive by tail', files: { Dockerfile: 'FROM alpine\nCMD ["sh", "-c", "tail -f /dev/null"]\n' } },
    { name: 'Lambda', files: { Dockerfile: 'FROM public.ecr.aws/lambda/python:3.12\nCMD ["app.handler"]\n' } },
    { name: 'development container', files: { '.devcontainer/Dockerfile': 'FROM node:20\nCMD ["npm", "start"]\n' } },
    {
      name: 'development container image',
      files: { Dockerfile: 'FROM mcr.microsoft.com/devcontainers/python:3\nEXPOSE 80\n' },
    },
    {
      name: 'a start script that ends',
      files: {
        'a/Dockerfile': 'FROM debian\nCOPY start.sh /\nENTRYPOINT ["/start.sh"]\n',
        'a/start.sh': '#!/bin/sh\nwhile true; do break; done\nexec /watch --run-once "$1"\nexec "$@"\n',
      },
    },
    {
      name: 'a script of a tools folder',
      files: { 'tools/x/Dockerfile': 'FROM python:3\nCMD ["python", "main.py"]\n' },
    },
    { name: 'for developers', files: { 'dev/docker/Dockerfile': 'FROM php:8-apache\nEXPOSE 80\n' } },
    { name: 'for Tilt', files: { 'Dockerfile.tilt': 'FROM python:3\nEXPOSE 1\nCMD ["uvicorn"]\n' } },
    { name: 'for debugging', files: { 'x/Dockerfile.debug': 'FROM python:3\nEXPOSE 1\nCMD ["uvicorn"]\n' } },
    {
      name: 'a stage that only builds, by its name',
      files: { Dockerfile: 'FROM debian AS server-build\nEXPOSE 1\nFROM debian\nRUN x\n' },
    },
    { name: 'scratch with files only', files: { Dockerfile: 'FROM scratch\nCOPY x /\n' } },
  ],
});
