import { openRedis, type RedisConnection } from '../stores/redis/redis';
import { testRedisUrl, uniqueRedisPrefix } from './test-redis';

/** For a machine that runs many tests at once. */
const PATIENT_MS = 10_000;

/** A suite with a connection to the shared Redis; where there is none, the global setup has said so. */
export function describeWithRedis(name: string, suite: (connection: () => RedisConnection) => void): void {
  const url = testRedisUrl();
  if (url === undefined) return;
  describe(name, () => {
    let connection: RedisConnection | undefined;
    beforeAll(async () => {
      connection = openRedis({ url, prefix: uniqueRedisPrefix(), commandMs: PATIENT_MS });
      await connection.ready();
    });
    afterAll(async () => connection?.close());
    suite(() => {
      if (connection === undefined) throw new Error('there is a connection within a test only');
      return connection;
    });
  });
}
