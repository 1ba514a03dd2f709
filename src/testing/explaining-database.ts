import { Prisma, type PrismaClient } from '@prisma/client';
import type { Database } from '../stores/postgres/database';

/** A database for a store whose queries are all written out: each is answered, and its plan kept. */
export function explainingDatabase(database: Database): {
  readonly explained: Database;
  readonly plans: string[];
} {
  const plans: string[] = [];
  const run = (work: (client: PrismaClient) => Promise<unknown>) =>
    database.run((client) => {
      const $queryRaw = async (strings: TemplateStringsArray, ...values: unknown[]) => {
        const query = Prisma.sql(strings, ...values);
        const rows = await client.$queryRaw<{ 'QUERY PLAN': string }[]>`EXPLAIN (ANALYZE) ${query}`;
        plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
        return client.$queryRaw(query);
      };
      return work({ $queryRaw } as unknown as PrismaClient);
    });
  return { explained: { run } as unknown as Database, plans };
}
