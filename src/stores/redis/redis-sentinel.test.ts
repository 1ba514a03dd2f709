import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../testing/free-port';
import { eventually } from '../../testing/redis-cluster';
import { TestClock } from '../../testing/test-clock';
import { findRedisServer, startRedisServer } from '../../testing/test-redis';
import { DependencyUnavailable } from '../dependency-unavailable';
import { RedisTokenBucketStore } from '../token-bucket/redis-token-bucket-store';
import { openRedis } from './redis';

const program = findRedisServer();
// Without a Redis on this machine the global setup has said so.
const describeHere = program === undefined ? () => {} : describe;

describeHere('the stores over Redis Sentinel', () => {
  it('find the master, fail within a second when it dies, and go on with the one promoted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-sentinel-'));
    const [master, replica] = [await startRedisServer(), await startRedisServer()];
    const toReplica = openRedis({ url: replica.url });
    const toMaster = openRedis({ url: master.url });
    await Promise.all([toReplica.ready(), toMaster.ready()]);
    await toMaster.client.call('CONFIG', 'SET', 'repl-diskless-sync-delay', '0');
    await toReplica.client.call('REPLICAOF', '127.0.0.1', String(master.port));
    await eventually(async () => expect(await toMaster.client.call('WAIT', 1, 300)).toBe(1));

    const port = await freePort();
    const settings = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor main 127.0.0.1 ${master.port} 1`,
      'sentinel down-after-milliseconds main 500',
      'sentinel failover-timeout main 2000',
    ];
    writeFileSync(join(folder, 'sentinel.conf'), settings.join('\n'));
    const sentinel = spawn(program ?? '', [join(folder, 'sentinel.conf'), '--sentinel'], { stdio: 'ignore' });
    const connection = openRedis({ url: `sentinel://127.0.0.1:${port}/main` });
    const store = new RedisTokenBucketStore(connection, { clock: new TestClock() });
    const take = () => store.take([{ key: 'a', capacity: 5, refillPerSecond: 0.001 }]);
    try {
      await eventually(take);
      const asked = openRedis({ url: `redis://127.0.0.1:${port}` });
      await eventually(async () => {
        expect(String(await asked.client.call('INFO', 'sentinel'))).toContain('slaves=1');
      });
      await asked.close();
      await master.kill();
      const start = performance.now();
      await expect(take()).rejects.toBeInstanceOf(DependencyUnavailable);
      expect(performance.now() - start).toBeLessThan(1_000);
      await eventually(take);
      expect(String(await toReplica.client.call('INFO', 'replication'))).toContain('role:master');
    } finally {
      await Promise.all([connection, toReplica, toMaster].map((one) => one.close()));
      sentinel.kill('SIGKILL');
      await Promise.all([master.stop(), replica.stop()]);
      rmSync(folder, { recursive: true, force: true });
    }
  }, 30_000);
});
