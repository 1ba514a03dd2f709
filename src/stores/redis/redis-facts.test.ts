import { systemClock } from '../../clock';
import { describeWithRedis } from '../../testing/describe-with-redis';
import { TestClock } from '../../testing/test-clock';
import { type RedisServer, startRedisServer } from '../../testing/test-redis';
import { openRedis, type RedisConnection } from './redis';
import { readRedisFacts } from './redis-facts';

describeWithRedis('what a Redis says of itself', () => {
  let server: RedisServer;
  let connection: RedisConnection;
  const only = async (clock = systemClock) => {
    const [facts, ...more] = await readRedisFacts(connection, clock);
    expect(more).toEqual([]);
    if (facts === undefined) throw new Error('there is one');
    return facts;
  };
  const admin = async (...args: [string, ...string[]]) => {
    const client = openRedis({ url: server.url });
    await client.ready();
    await client.client.call(...args);
    await client.close();
  };

  beforeEach(async () => {
    server = await startRedisServer();
    connection = openRedis({ url: server.url });
    await connection.ready();
  });
  afterEach(async () => {
    await connection.close();
    await server.stop();
  });

  it('is how it bounds and keeps its memory', async () => {
    expect(await only()).toMatchObject({
      own: {
        version: expect.stringMatching(/^\d+\.\d+/),
        maxMemory: 0,
        evictionPolicy: 'noeviction',
        aof: false,
        lastWriteOk: true,
      },
      snapshots: false,
    });
    await admin('CONFIG', 'SET', 'maxmemory', '64mb');
    await admin('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    await admin('CONFIG', 'SET', 'appendonly', 'yes');
    await admin('CONFIG', 'SET', 'save', '60 1');
    expect(await only()).toMatchObject({
      own: { maxMemory: 2 ** 26, evictionPolicy: 'allkeys-lru', aof: true },
      snapshots: true,
    });
  });

  it('is little where its access list refuses to tell more', async () => {
    await admin('ACL', 'SETUSER', 'gate', 'on', '>pw', '~*', '+@all', '-info', '-config');
    const url = new URL(server.url);
    Object.assign(url, { username: 'gate', password: 'pw' });
    await connection.close();
    connection = openRedis({ url: url.href });
    await connection.ready();
    expect(await only()).toMatchObject({ own: undefined, snapshots: undefined });
  });

  it('shows a clock of ours that is wrong', async () => {
    const clock = new TestClock();
    clock.advance(60_000);
    const { aheadMs, uncertaintyMs } = (await only(clock)).clock;
    expect(Math.abs(aheadMs + 60_000)).toBeLessThanOrEqual(uncertaintyMs + 1);
  });
});
