import { createRequire } from 'node:module';

const { Prisma } = createRequire(import.meta.url)('@prisma/client');

/** What a store takes for its database, on a pool of `pg`: prints how PostgreSQL goes about each query before it answers it. */
export function explainingDatabase(pool) {
  const client = {
    async $queryRaw(strings, ...values) {
      const { text, values: parameters } = Prisma.sql(strings, ...values);
      const { rows } = await pool.query(`EXPLAIN (ANALYZE, BUFFERS) ${text}`, parameters);
      console.log(`\n${rows.map((row) => row['QUERY PLAN']).join('\n')}`);
      return (await pool.query(text, parameters)).rows;
    },
  };
  return { run: (work) => work(client) };
}
