/** Knows configuration files of object mappers in JSON: `config.json` of Sequelize, `ormconfig.json` of TypeORM. */
import type { Extractor } from './facts.ts';
import type { JsonNode } from './packages/json.ts';
import type { Span } from './span.ts';

export interface OrmConfig {
  readonly connections: readonly {
    readonly dialect: string;
    /** Keys of the objects around it: `production` of a file with a section for each environment. */
    readonly sections: readonly string[];
    /** Texts of the other members. */
    readonly texts: Readonly<Record<string, string>>;
    /** The member that names the dialect. */
    readonly span: Span;
  }[];
}

/** Names of databases as the libraries write them. */
export const dialectName =
  /^(?:(?:better-)?sqlite3?|sqljs|libsql|postgres(?:ql)?|pg|cockroachdb|mysql2?|mariadb|mssql|tedious|oracle(?:db)?|mongodb|django\.db\.backends\.\w+)$/;

export const ormconfig: Extractor<'ormconfig'> = {
  kind: 'ormconfig',
  accepts: (path) => /(?:^|\/)(?:config|database|sequelize|ormconfig|db)\.json$/.test(path),
  recognises: (_, text) => /"(?:dialect|type|client)"\s*:/.test(text) && /"(?:storage|database|host|url)"/.test(text),
  load: async () => {
    const { parseJson, text: textOf, whole } = await import('./packages/json.ts');
    return ({ text }) => {
      const { node, problem } = parseJson(text);
      if (!node) return problem ? { problems: [problem] } : {};
      const connections: OrmConfig['connections'][number][] = [];
      const visit = (object: JsonNode, sections: readonly string[]): void => {
        const members = [...(object.members ?? [])];
        const dialect = members.find(([key, one]) => isDialect(key) && dialectName.test(textOf(one) ?? ''))?.[1];
        if (dialect) {
          const texts = Object.fromEntries(members.map(([key, one]) => [key, textOf(one) ?? '']));
          connections.push({ dialect: textOf(dialect)!, sections, texts, span: whole(dialect) });
        } else if (sections.length < 3) for (const [key, one] of members) visit(one, [...sections, key]);
        if (sections.length < 3) for (const one of object.items ?? []) visit(one, sections);
      };
      visit(node, []);
      return { data: { connections } };
    };
  },
};

function isDialect(key: string): boolean {
  return key === 'dialect' || key === 'type' || key === 'client';
}
