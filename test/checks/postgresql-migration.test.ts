import { postgresqlMigration } from '../../src/checks/postgresql-migration.ts';
import { testCheck } from '../check-tester.ts';
import { bad as marked } from '../marked.ts';

const bad = (name: string, message: string, text: string, path = 'app/x.py') => marked(name, { [path]: text }, message);
const good = (name: string, text: string, path = 'app/x.py') => ({ name, files: { [path]: text } });
const engine = 'import os\nfrom sqlalchemy import create_engine\n';

testCheck(postgresqlMigration, {
  valid: [
    good('from the environment', `${engine}engine = create_engine(os.environ["DATABASE_URL"])\n`),
    {
      name: 'databases of other programs, of tests and of migrations in compose',
      files: {
        'compose.yaml':
          'services:\n  grafana:\n    image: grafana/grafana:12.0.0\n    environment:\n      GF_DATABASE_TYPE: sqlite3\n      GF_DATABASE_URL: sqlite3:///var/lib/grafana/grafana.db\n  vault:\n    image: vaultwarden/server\n    environment: [DATABASE_URL=sqlite:///data/db.sqlite3]\n  web:\n    image: web\n    environment:\n      DB_TYPE: mysql\n      TEST_DATABASE_URL: postgres://postgres:postgres@db/test\n      SPRING_DATASOURCE_URL: jdbc:h2:tcp://db/app\n      SQLITE_CACHE_PATH: /data/cache.db\n      DATABASE_FILE: /data/app.json\n  migration:\n    image: web\n    environment: [DB_TYPE=sqlite]\n',
      },
    },
    good('a server with the password elsewhere', 'DATABASE_URL = "postgresql://mesh@db:5432/mesh"\n'),
    good('a password that is filled in', 'DATABASE_URL = "postgresql://mesh:${DB_PASSWORD}@db/mesh"\n'),
    good('a temporary file', 'import sqlite3, tempfile\ndb = sqlite3.connect(tempfile.mktemp())\n'),
    good('a file in /tmp', 'import sqlite3\ndb = sqlite3.connect("/tmp/report.db")\n'),
    good('a cache', 'import sqlite3\ndb = sqlite3.connect("http_cache.sqlite")\n'),
    good('a file of another program', 'import sqlite3\ndb = sqlite3.connect("/etc/x-ui/x-ui.db")\n'),
    good(
      'an address that a setting chooses from several',
      `import os\nclass Settings:\n    ADDRESSES = {"lite": "sqlite:///{FILE}", "pg": "postgresql://{USER}@{HOST}/{NAME}"}\n    def load(self, values):\n        if values["KIND"]:\n            address = self.ADDRESSES[values["KIND"]]\n            values["DATABASE_URI"] = address.format(**values)\n`,
    ),
    good(
      'settings for tests',
      'import os\nclass Base:\n    DATABASE_URL = os.environ["DATABASE_URL"]\nclass TestingConfig(Base):\n    DATABASE_URL = os.getenv("OTHER_URL") or "sqlite://"\nclass Quick(Base):\n    TESTING = True\n    DATABASE_URL = "sqlite://"\n',
    ),
    good(
      'the file of another program behind an option',
      'import argparse, sqlite3\nfrom pathlib import Path\nDEFAULT = Path("/home/me/.local/share/player/library.db")\ndef read(path):\n    with sqlite3.connect(str(path)) as conn:\n        conn.execute("UPDATE songs SET played=1")\ndef main():\n    parser = argparse.ArgumentParser()\n    parser.add_argument("--library-path", type=Path, default=DEFAULT)\n    args = parser.parse_args()\n    read(args.library_path)\n',
    ),
    good(
      'the file of another program in a field',
      'import os, sqlite3\nclass Panel:\n    def __init__(self, path=None):\n        if path is None:\n            path = os.getenv("PANEL_PATH", "/usr/local/x-ui/x-ui.db")\n        self.path = path\n    def read(self):\n        conn = sqlite3.connect(self.path)\n        return conn.execute("SELECT id FROM inbounds").fetchall()\n',
    ),
    good('only read', 'import sqlite3\ndb = sqlite3.connect("file:/var/lib/app.db?mode=ro", uri=True)\n'),
    good(
      'the list of tables of any file',
      'import sqlite3\nclass Scanner:\n    def scan(self):\n        conn = sqlite3.connect(self.path)\n        return conn.execute("select name from sqlite_master").fetchall()\n',
    ),
    good(
      'only read in JavaScript',
      "import Database from 'better-sqlite3';\nexport const places = new Database('places.sqlite', { readonly: true });\n",
      'src/history.js',
    ),
    {
      name: 'a copy of redacted files',
      files: {
        'app/db.py': `${engine}engine = create_engine(os.environ["DATABASE_URL"])\n`,
        'ops/redacted/issue.py': 'import sqlite3\ndb = sqlite3.connect("mesh.db")\n',
        'ops/issue.redacted.py': 'import sqlite3\ndb = sqlite3.connect("mesh.db")\n',
      },
      subjects: 1,
    },
    {
      name: 'users who are copied to memory when they are written to the database',
      files: {
        'app/x.py': `${engine}engine = create_engine(os.environ["DATABASE_URL"])\n_users = {}\ndef register(db_session, form):\n    user = service.register(db_session, form)\n    _users[user.id] = {"mail": user.mail}\ndef rename(session, user, name):\n    session.merge(user)\n    _users[user.id] = {"name": name}\n`,
        'src/users.ts':
          "import { PrismaClient } from '@prisma/client';\nconst prisma = new PrismaClient();\nconst users = new Map();\nexport async function find(id) {\n  const user = await prisma.user.findUnique({ where: { id } });\n  users.set(id, user);\n}\n",
      },
      subjects: 1,
    },
    {
      name: 'options in JSON for servers, for developers and of other programs',
      files: {
        'config/config.json': JSON.stringify({
          development: { dialect: 'mysql', username: 'root', password: 'root', host: 'localhost' },
          test: { dialect: 'sqlite', storage: ':memory:' },
          production: { dialect: 'postgres', use_env_variable: 'DATABASE_URL', host: 'db' },
        }),
        'a/config.json': JSON.stringify({ type: 'module', host: 'x' }),
        'b/database.json': JSON.stringify({ type: 'sqlite', database: 'http-cache.db' }),
      },
      subjects: 4,
    },
    good('a tool of development', 'import sqlite3\ndb = sqlite3.connect("notes.db")\n', '.github/tools/notes.py'),
    good('a migration', 'import sqlite3\nold = sqlite3.connect("mesh.db")\n', 'scripts/migrate_to_postgres.py'),
    good(
      'refused in production',
      'import os\nDATABASE_URL = os.getenv("DATABASE_URL", "sqlite:///x.db")\nif os.getenv("ENV") == "production" and DATABASE_URL.startswith("sqlite"):\n    raise RuntimeError("PostgreSQL is required")\n',
    ),
    good(
      'under a condition of development',
      `${engine}def make(settings):\n    if settings.testing:\n        return create_engine("sqlite:///x.db")\n    return create_engine(os.environ["DATABASE_URL"])\n`,
    ),
    {
      name: 'tests and templates do not count',
      files: {
        'app/db.py': `${engine}engine = create_engine(os.environ["DATABASE_URL"])\n`,
        'tests/test_db.py': 'from sqlalchemy import create_engine\nengine = create_engine("sqlite://")\n',
        '.env.example': 'DATABASE_URL=sqlite:///x.db\n',
      },
    },
    {
      name: 'compose with PostgreSQL',
      files: {
        'compose.yaml':
          'services:\n  api:\n    image: api\n    environment:\n      DATABASE_URL: postgresql://mesh@db/mesh\n      CACHE_URL: sqlite:////tmp/cache.db\n',
      },
      subjects: 2,
    },
    {
      name: 'a dictionary of other things beside the database',
      files: {
        'app/x.py': `${engine}engine = create_engine(os.environ["DATABASE_URL"])\nhandlers = {}\nusers = {"Read only": 1}\ndef add(name, f):\n    handlers[name] = f\n`,
      },
      subjects: 1,
    },
    good(
      'a benchmark with a password of its own',
      'import os\nclass DatabaseBenchmark:\n    def __init__(self):\n        self.url = os.getenv("DATABASE_URL", "postgresql://postgres:postgres@localhost/mesh")\n',
    ),
    good(
      'options of a server in TypeScript',
      "import { DataSource } from 'typeorm';\nexport const source = new DataSource({ type: 'postgres', url: process.env.DATABASE_URL, entities: [] });\n",
      'src/db.ts',
    ),
    good(
      'a section for tests, and a menu that is none',
      "module.exports = {\n  test: { dialect: 'sqlite', storage: ':memory:' },\n  production: { dialect: 'postgres', url: process.env.DATABASE_URL },\n};\nconst menu = [{ type: 'sqlite', label: 'SQLite' }];\n",
      'config/database.js',
    ),
    {
      name: 'configuration for developers',
      files: {
        'compose.dev.yaml':
          'services:\n  api:\n    image: api\n    environment:\n      DATABASE_URL: postgres://postgres:postgres@db/shop\n',
        'src/setup.ts':
          "export const databaseUrl = process.env.TEST_DATABASE_URL ?? 'postgres://postgres:postgres@localhost/shop';\n",
      },
    },
    good(
      'subscribers of events beside the database',
      "import { Pool } from 'pg';\nexport const pool = new Pool({ connectionString: process.env.DATABASE_URL });\nconst subscriptions = new Map();\nexport function on(name, f) {\n  subscriptions.set(name, f);\n}\n",
      'src/events.js',
    ),
    {
      name: 'settings that keep nothing in SQLite',
      files: {
        'deploy/api.service': '[Service]\nEnvironment="DATABASE_URL=postgresql://api@db/app"\n',
        'dev/api.service': '[Service]\nEnvironment="DATABASE_URL=sqlite:///app.db"\n',
        'deploy/start.sh': '#!/bin/sh\nexport CACHE_URL=sqlite:///cache.db\nexport DATABASE_URL="$DATABASE_URL"\n',
        'scripts/test/run.sh': '#!/bin/sh\nexport DATABASE_URL=sqlite:///app.db\n',
        'main.tf': 'variable "db_url" {\n  default = "postgres://api@db/app"\n}\n',
        Makefile: 'run:\n\tDATABASE_URL=sqlite:///app.db ./api\n',
      },
    },
    {
      name: 'a Prisma schema for PostgreSQL',
      files: {
        'prisma/schema.prisma':
          'generator client {\n  provider = "prisma-client-js"\n}\n\ndatasource db {\n  provider = "postgresql"\n  url      = env("DATABASE_URL")\n}\n',
      },
      subjects: 1,
    },
    good(
      'MongoDB from the environment',
      "const mongoose = require('mongoose');\nmongoose.connect(process.env.MONGO_URL);\n",
      'src/db.js',
    ),
  ],
  invalid: [
    {
      name: 'variables that only a stack for development is handed',
      files: {
        'compose.yaml':
          'services:\n  api:\n    image: shop/api\n    env_file: api.env\n  mail:\n    image: axllent/mailpit\n',
        'api.env': 'DATABASE_URL=postgres://postgres:postgres@db/shop\n',
      },
      findings: [{ message: 'weak', at: 'api.env:1', confidence: 'low' }],
    },
    {
      name: 'copies of a compose file with a default password',
      files: Object.fromEntries(
        ['on-prem', 'ops/on-prem'].map((folder) => [
          `${folder}/compose.yaml`,
          'services:\n  web:\n    image: web\n    environment:\n      DATABASE_URL: postgresql://root:root@db:5432/c\n',
        ]),
      ),
      findings: [{ message: 'weak', at: 'on-prem/compose.yaml:5' }],
      skip: ['comment'],
    },
    {
      name: 'one variable with one default for several services, and one file for two',
      files: {
        'compose.yaml':
          'services:\n  web:\n    image: web\n    environment:\n      DATABASE_URL: ${SHOP_URL:-postgresql://postgres:postgres@db:5432/shop}\n  job:\n    image: web\n    environment:\n      DATABASE_URL: ${SHOP_URL:-postgresql://postgres:postgres@db:5432/shop}\n  a:\n    image: a\n    environment: [DB_TYPE=sqlite, SQLITE_PATH=/data/a.db]\n  b:\n    image: b\n    environment:\n      DATABASE_URL: sqlite:///data/a.db\n  c:\n    image: c\n    environment:\n      DATABASE_URL: postgresql://root:root@db:5432/c\n',
      },
      findings: [
        { message: 'weak', at: 'compose.yaml:5' },
        { message: 'weak', at: 'compose.yaml:20' },
        { message: 'deployed', at: 'compose.yaml:12' },
        { message: 'deployed', at: 'compose.yaml:16' },
      ],
    },
    {
      name: 'kinds of databases, files and URLs of Java',
      files: {
        'a/compose.yaml': 'services:\n  web:\n    image: web\n    environment:\n      - DB_CONNECTION=sqlite\n',
        'b/compose.yaml': 'services:\n  web:\n    image: web\n    environment:\n      DB_STORAGE: data/app.sqlite3\n',
        'c/Dockerfile': 'FROM base\nENV DATABASE_TYPE=better-sqlite3\n',
        'd/compose.yaml':
          'services:\n  web:\n    image: web\n    environment:\n      SPRING_DATASOURCE_URL: jdbc:h2:file:/data/app;MODE=MySQL\n  job:\n    image: job\n    environment:\n      SPRING_DATASOURCE_URL: jdbc:mysql://db/app?useSSL=false&user=root&password=root\n',
      },
      findings: [
        { message: 'deployed', at: 'a/compose.yaml:5' },
        { message: 'deployed', at: 'b/compose.yaml:5' },
        { message: 'deployed', at: 'c/Dockerfile:2' },
        { message: 'deployed', at: 'd/compose.yaml:5' },
        { message: 'weak', at: 'd/compose.yaml:9' },
      ],
    },
    {
      name: 'a Secret, and literals that kustomize makes an object of',
      files: {
        'k8s/secret.yaml': `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  DATABASE_URL: ${Buffer.from('postgres://app:app@db/app').toString('base64')}\nstringData:\n  OTHER_URL: mysql://root:root@db/app\n`,
        'live/kustomization.yaml':
          'configMapGenerator:\n  - name: env\n    literals:\n      - DATABASE_URL=sqlite:////data/app.db\n      - "DB_ENGINE=postgres"\n',
      },
      findings: [
        { message: 'weak', at: 'k8s/secret.yaml:5' },
        { message: 'weak', at: 'k8s/secret.yaml:7' },
        { message: 'deployed', at: 'live/kustomization.yaml:4' },
      ],
    },
    {
      name: 'what a setting with a default leads to',
      files: {
        'app/settings.py':
          'import os\nDB_ENGINE = os.getenv("DB_ENGINE", "sqlite")\nif DB_ENGINE == "postgres":\n    main = {"ENGINE": "django.db.backends.postgresql", "NAME": "app"}\nelse:\n    main = {"ENGINE": "django.db.backends.sqlite3", "NAME": "app.db"}\nDATABASES = {"default": main}\n',
      },
      findings: [{ message: 'sqlite', at: 'app/settings.py:2' }],
    },
    {
      name: 'one of several compose files to choose from',
      files: { 'compose.sqlite.yml': 'services:\n  web:\n    image: web\n    environment: [DB_TYPE=sqlite]\n' },
      findings: [{ message: 'deployed', at: 'compose.sqlite.yml:4', confidence: 'low' }],
    },
    {
      name: 'a demonstration',
      files: {
        'compose.demo.yaml':
          'services:\n  web:\n    image: web\n    environment:\n      DATABASE_URL: sqlite:///app.db\n',
      },
      findings: [{ message: 'deployed', at: 'compose.demo.yaml:5', confidence: 'low' }],
    },
    {
      name: 'rows that another store holds too, and rows of the file alone',
      files: {
        'app/a.py':
          'import sqlite3\nclass Store:\n    def keep(self, entry):\n        entry.cid = self.ipfs_client.add(entry.text)\n        conn = sqlite3.connect("/srv/index.db")\n        conn.execute("CREATE TABLE IF NOT EXISTS entries (cid TEXT)")\n        conn.execute("INSERT INTO entries VALUES (?)", (entry.cid,))\n',
        'app/b.py':
          'import sqlite3\nclass Store:\n    def publish(self, entry):\n        self.ipfs_client.add(entry.text)\n    def keep(self, entry):\n        conn = sqlite3.connect("/srv/rows.db")\n        conn.execute("CREATE TABLE IF NOT EXISTS rows (text TEXT)")\n        conn.execute("INSERT INTO rows VALUES (?)", (entry.text,))\n        self.seen.add(entry.text)\n',
      },
      findings: [
        { message: 'opened', at: 'app/a.py:5', confidence: 'low' },
        { message: 'opened', at: 'app/b.py:6', confidence: 'high' },
      ],
    },
    {
      name: 'the tables of another program',
      files: {
        'app/x.py':
          'import argparse, sqlite3\ndef read(path):\n    with sqlite3.connect(str(path)) as conn:\n        return conn.execute("SELECT id, port FROM inbounds WHERE enabled=1").fetchall()\ndef main():\n    parser = argparse.ArgumentParser()\n    parser.add_argument("--path", default="/srv/panel.db")\n    read(parser.parse_args().path)\n',
      },
      findings: [{ message: 'opened', at: 'app/x.py:3', confidence: 'low' }],
    },
    bad(
      'an entry that is chosen by default',
      'sqlite',
      'import os\nADDRESSES = {"lite": "sqlite:///x.db", "pg": "postgresql://db/x"}\nDATABASE_URI = ADDRESSES[os.getenv("KIND", "lite")]  # <-\n',
    ),
    bad(
      'settings that only sound like tests',
      'sqlite',
      'class ContestConfig:\n    TESTING = False\n    DATABASE_URL = "sqlite:///x.db"  # <-\n',
    ),
    {
      name: 'tables of one file that are asked for in another one',
      files: {
        'app/store.py':
          'import sqlite3\nconn = sqlite3.connect("/srv/shop.db")\nconn.execute("CREATE TABLE IF NOT EXISTS sales (amount REAL)")\n',
        'app/costs.py':
          'import sqlite3\nclass Costs:\n    def sum(self):\n        conn = sqlite3.connect("/srv/costs.db")\n        return conn.execute("SELECT SUM(amount) FROM sales").fetchone()\n',
        'migrations/0001.py': 'from alembic import op\ndef upgrade():\n    op.create_table("sales")\n',
        'app/report.py':
          'import sqlite3\ndef report():\n    conn = sqlite3.connect("/srv/shop.db")\n    return conn.execute("SELECT SUM(amount) FROM sales").fetchone()\n',
      },
      findings: [
        { message: 'opened', at: 'app/costs.py:4', confidence: 'low' },
        { message: 'opened', at: 'app/report.py:3', confidence: 'high' },
        { message: 'opened', at: 'app/store.py:2', confidence: 'high' },
      ],
      skip: ['comment'], // a table that is created in a comment is not created
    },
    {
      name: 'one environment of two services',
      files: {
        'compose.yaml':
          'x-env: &env\n  DATABASE_URL: postgresql://postgres:postgres@db/shop\nservices:\n  web:\n    image: web\n    environment:\n      <<: *env\n  job:\n    image: web\n    environment:\n      <<: *env\n',
      },
      findings: [{ message: 'weak', at: 'compose.yaml:2' }],
    },
    {
      name: 'options in JSON',
      files: {
        'server/config/config.json': JSON.stringify(
          {
            development: { dialect: 'sqlite', storage: 'dev.sqlite' },
            production: { dialect: 'sqlite', storage: 'shop.sqlite' },
          },
          null,
          1,
        ),
        'api/ormconfig.json': JSON.stringify(
          [{ type: 'postgres', host: 'db', username: 'shop', password: 'shop', database: 'shop' }],
          null,
          1,
        ),
        'tool/ormconfig.json': '{"type": "sqlite", "database": "tool.db"}',
      },
      findings: [
        { message: 'opened', at: 'server/config/config.json:7' },
        { message: 'weak', at: 'api/ormconfig.json:3' },
        { message: 'opened', at: 'tool/ormconfig.json:1' },
      ],
    },
    bad(
      'tables that another file creates',
      'opened',
      'import sqlite3\nconn = sqlite3.connect("/srv/app.db")  # <-\nrows = conn.execute("SELECT mail FROM members")\n\n# far below\nconn.execute("SELECT 1 FROM sqlite_master")\nconn.execute("CREATE TABLE IF NOT EXISTS members (mail TEXT)")\n',
    ),
    {
      name: 'tables of a model, of a migration and of a script',
      files: {
        'app/models.py': 'class Member(Base):\n    __tablename__ = "members"\n',
        'app/report.py':
          'import sqlite3\nconn = sqlite3.connect("/srv/app.db")\nconn.execute("SELECT mail FROM members")\n',
        'src/migrations/one.js': "exports.up = (knex) => knex.schema.createTable('visits', () => {});\n",
        'src/report.js':
          "const Database = require('better-sqlite3');\nconst db = new Database('shop.db');\ndb.prepare('SELECT * FROM visits').all();\n",
        'tool/init.py':
          'import sqlite3\nconn = sqlite3.connect("/srv/tool.db")\nconn.executescript(open("schema.sql").read())\nconn.execute("SELECT * FROM jobs")\n',
      },
      findings: [
        { message: 'opened', at: 'app/report.py:2' },
        { message: 'opened', at: 'src/report.js:2' },
        { message: 'opened', at: 'tool/init.py:2' },
      ],
      skip: ['comment'], // a table that is created in a comment is not created
    },
    {
      name: 'users in memory, of whom only some are in the database',
      files: {
        'app/x.py':
          'import os\nusers_db = {}\ndef register(session, form):\n    users_db[form.mail] = service.register(session, form)\ndef invite(form):\n    users_db[form.mail] = {"mail": form.mail}\ndef find(mail):\n    return users_db.get(mail)\n',
      },
      findings: [{ message: 'memory', at: 'app/x.py:2' }],
    },
    {
      name: 'SQLite in a ConfigMap',
      files: {
        'a.yaml':
          'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  DATABASE_URL: sqlite:////data/app.db\n  OTHER_URL: postgresql://app:app@db/app\n',
      },
      findings: [
        { message: 'deployed', at: 'a.yaml:6' },
        { message: 'weak', at: 'a.yaml:7' },
      ],
    },
    {
      name: 'options of SQLite in JavaScript',
      files: {
        'src/models.js':
          "const { Sequelize } = require('sequelize');\nconst db = new Sequelize('shop', 'user', 'x', {\n  dialect: 'sqlite',\n  storage: 'data/shop.sqlite',\n});\nmodule.exports = db;\n",
      },
      findings: [{ message: 'opened', at: 'src/models.js:3' }],
      skip: ['comment'], // the options are then others
    },
    {
      name: 'a default dialect',
      files: {
        'src/db.ts':
          "import { DataSource } from 'typeorm';\nexport const source = new DataSource({ type: process.env.DB_TYPE ?? 'better-sqlite3', database: 'shop.db' });\n",
      },
      findings: [{ message: 'opened', at: 'src/db.ts:2' }],
    },
    bad(
      'a folder that one caller puts into /tmp',
      'opened',
      'import sqlite3\nfrom pathlib import Path\nclass Store:\n    def __init__(self, folder: Path = Path("/var/lib/mesh")):\n        self.path = folder / "incidents.db"\n    def open(self):\n        return sqlite3.connect(self.path)  # <-\ndef main():\n    return Store(Path("/tmp/mesh"))\n',
    ),
    bad(
      'a setting that names the kind',
      'sqlite',
      'from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    DB_ENGINE: str = "sqlite"  # <-\n',
    ),
    {
      name: 'a file that is opened',
      files: { 'src/db.js': "import Database from 'better-sqlite3';\nexport const db = new Database('shop.db');\n" },
      findings: [{ message: 'opened', at: 'src/db.js:2' }],
    },
    {
      name: 'weak credentials in options and addresses',
      files: {
        'src/a.ts':
          "import { Pool } from 'pg';\nexport const pool = new Pool({ connectionString: process.env.URL || 'postgres://shop:shop_password@db/shop' });\n",
        'src/b.ts':
          "import knex from 'knex';\nexport const db = knex({\n  client: 'pg',\n  connection: { host: 'db', user: 'shop', password: 'shop' },\n});\n",
        'src/c.ts':
          "import { Sequelize } from 'sequelize';\nexport const db = new Sequelize({ dialect: 'postgres', host: 'db', username: 'postgres', password: 'postgres' });\n",
      },
      findings: [
        { message: 'weak', at: 'src/a.ts:2' },
        { message: 'weak', at: 'src/b.ts:3' },
        { message: 'weak', at: 'src/c.ts:2' },
      ],
      skip: ['comment'], // what is left is another program
    },
    {
      name: 'a Prisma schema for SQLite, and one with a password',
      files: {
        'prisma/schema.prisma': 'datasource db {\n  provider = "sqlite"\n  url = "file:./dev.db"\n}\n',
        'other/schema.prisma':
          'datasource db {\n  provider = "postgresql"\n  url = "postgresql://postgres:postgres@db/shop"\n}\n',
      },
      findings: [
        { message: 'deployed', at: 'prisma/schema.prisma:2' },
        { message: 'weak', at: 'other/schema.prisma:3' },
      ],
      skip: ['comment'], // a provider that is a comment is no provider
    },
    {
      name: 'users in a map',
      files: {
        'src/users.ts':
          "import { createHash } from 'crypto';\nconst usersByEmail = new Map<string, object>();\nexport function register(email: string) {\n  usersByEmail.set(email, { email });\n}\n",
      },
      findings: [{ message: 'memory', at: 'src/users.ts:2' }],
    },
    bad(
      'a default of the environment',
      'sqlite',
      'import os\nDATABASE_URL = os.getenv("DATABASE_URL", "sqlite:///./x.db")  # <-\n',
    ),
    bad(
      'a default in a factory of a field',
      'sqlite',
      'import os\nfrom dataclasses import dataclass, field\n@dataclass\nclass Db:\n    url: str = field(default_factory=lambda: os.environ.get("DATABASE_URL", "sqlite:////srv/x.db"))  # <-\n',
    ),
    bad('a setting of Flask', 'sqlite', 'app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///site.db"  # <-\n'),
    bad(
      'a setting of pydantic',
      'sqlite',
      'from pydantic_settings import BaseSettings\nfrom pydantic import Field\nclass Settings(BaseSettings):\n    database_url: str = Field(default="sqlite:///./x.db")  # <-\n',
    ),
    bad(
      'Django',
      'sqlite',
      'DATABASES = {\n    "default": {\n        "ENGINE": "django.db.backends.sqlite3",  # <-\n        "NAME": "db.sqlite3",\n    }\n}\n',
    ),
    bad('an engine', 'sqlite', `${engine}engine = create_engine("sqlite+aiosqlite:///data.db")  # <-\n`),
    bad('an engine in memory', 'sqlite', `${engine}engine = create_engine("sqlite://")  # <-\n`),
    bad(
      'a built URL',
      'sqlite',
      `${engine}def connect(folder):\n    return create_engine(f"sqlite:///{folder}/app.db")  # <-\n`,
    ),
    bad('a connection', 'opened', 'import sqlite3\ndb = sqlite3.connect("users.db")  # <-\n'),
    bad(
      'a field of the class, opened several times',
      'opened',
      'import sqlite3\nclass Store:\n    def __init__(self):\n        self.path = "store.db"\n    def read(self):\n        return sqlite3.connect(self.path)  # <-\n    def write(self):\n        return sqlite3.connect(self.path)\n',
    ),
    bad(
      'users in memory',
      'memory',
      'users_db: dict[str, dict] = {}  # <-\n\ndef register(email):\n    users_db[email] = {"email": email}\n',
    ),
    bad(
      'a default password',
      'weak',
      'import os\nDATABASE_URL = os.getenv("DATABASE_URL", "postgresql+asyncpg://postgres:postgres@db/mesh")  # <-\n',
    ),
    {
      name: 'the error of an unknown database is no refusal of SQLite',
      files: {
        'app/x.py':
          'import os\nURL = os.getenv("DATABASE_URL", "sqlite:///x.db")\nif "sqlite" in URL:\n    lite = True\nelse:\n    raise ValueError("unsupported")\n',
      },
      findings: [{ message: 'sqlite', at: 'app/x.py:2' }],
    },
    {
      name: 'compose with SQLite and with a default password',
      files: {
        'compose.yaml':
          'services:\n  api:\n    image: api\n    environment:\n      DATABASE_URL: sqlite:////data/app.db\n  worker:\n    image: api\n    environment:\n      - DATABASE_URL=postgresql://admin:admin@db/app\n',
      },
      findings: [
        { message: 'deployed', at: 'compose.yaml:5' },
        { message: 'weak', at: 'compose.yaml:9' },
      ],
    },
    {
      name: 'a container',
      files: {
        'k8s/api.yaml':
          'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\nspec:\n  selector: {matchLabels: {app: api}}\n  template:\n    metadata: {labels: {app: api}}\n    spec:\n      containers:\n        - name: api\n          image: api\n          env:\n            - name: DATABASE_URL\n              value: sqlite:////data/app.db\n',
      },
      findings: [{ message: 'deployed', at: 'k8s/api.yaml:14' }],
      skip: ['comment'], // half an entry is no YAML
    },
    {
      name: 'a committed .env file',
      files: { '.env': '# the database\nexport DATABASE_URL="sqlite:///app.db" # local\n' },
      findings: [{ message: 'deployed', at: '.env:2' }],
    },
    {
      name: 'units, images, Terraform and scripts',
      files: {
        'deploy/api.service':
          '[Unit]\nDescription=x\n[Service]\nEnvironment=PORT=80 "DATABASE_URL=sqlite:////srv/app.db"\nExecStart=/srv/api\n',
        Dockerfile: 'FROM a AS build\nENV DATABASE_URL=sqlite:///build.db\nFROM b\nENV DATABASE_URL=sqlite:///app.db\n',
        'main.tf':
          'resource "aws_lambda_function" "a" {\n  environment {\n    variables = {\n      DB_URL = "postgres://app:app@db/app"\n    }\n  }\n}\n',
        'scripts/run_production.sh': '#!/bin/sh\nexport DATABASE_URL="sqlite:///./app.db"\nexec ./api\n',
        'scripts/deploy.sh': '#!/bin/sh\ndocker run -d -e DATABASE_URL=sqlite:///app.db api:1\n',
        'scripts/collect.sh': '#!/bin/sh\nDATABASE_URL=sqlite:////srv/app.db ./collect\n',
      },
      findings: [
        { message: 'deployed', at: 'Dockerfile:4' },
        { message: 'deployed', at: 'deploy/api.service:4' },
        { message: 'weak', at: 'main.tf:4' },
        { message: 'deployed', at: 'scripts/collect.sh:2', confidence: 'low' },
        { message: 'deployed', at: 'scripts/deploy.sh:2' },
        { message: 'deployed', at: 'scripts/run_production.sh:2' },
      ],
    },
    {
      name: 'a package that hides the module',
      files: {
        'app/database/__init__.py': '',
        'app/database.py': `${engine}engine = create_engine(os.environ["DATABASE_URL"])\n`,
      },
      findings: [{ message: 'shadowed', at: 'app/database.py:1' }],
      skip: ['comment'], // the code stays where it is
    },
  ],
  notApplicable: [
    { name: 'no database', files: { 'app/x.py': 'users = ["a"]\n' } },
    { name: 'tests alone', files: { 'tests/test_x.py': 'import sqlite3\ndb = sqlite3.connect("x.db")\n' } },
  ],
});
