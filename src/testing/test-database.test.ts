import { PrismaPg } from '@prisma/adapter-pg';
import { createTestDatabase } from './test-database';

describe('createTestDatabase', () => {
  it('gives each caller an empty, migrated database of its own, many at once', async () => {
    const databases = await Promise.all(Array.from({ length: 8 }, createTestDatabase));
    const rows = await Promise.all(databases.map(({ url }) => countUsers(url)));
    await Promise.all(databases.map((database) => database.drop()));
    expect(rows).toEqual(databases.map(() => '0'));
    expect(new Set(databases.map(({ url }) => url)).size).toBe(8);
  });
});

async function countUsers(url: string): Promise<string> {
  const connection = await new PrismaPg({ connectionString: url, max: 1 }).connect();
  const { rows } = await connection.underlyingDriver().query('SELECT count(*) FROM users');
  await connection.dispose();
  return rows[0].count;
}
