import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, Socket } from 'node:net';
import { findRedisServer, type RedisServer, startRedisServer } from '../../testing/test-redis';
import { DependencyUnavailable } from '../dependency-unavailable';
import { openRedis, type RedisConnection } from './redis';
import type { RedisScript } from './redis-script';

const script = (source: string): RedisScript => ({
  name: 'test',
  source,
  sha: createHash('sha1').update(source).digest('hex'),
});
const echo = script('return {KEYS[1], ARGV[1]}');

/** Milliseconds until `call` has failed, as it must, with `DependencyUnavailable`. */
async function failsAfter(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await expect(call()).rejects.toBeInstanceOf(DependencyUnavailable);
  return performance.now() - start;
}

/** Milliseconds until `call` works again. */
async function worksAfter(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  for (;;) {
    const worked = await call().then(
      () => true,
      () => false,
    );
    const elapsed = performance.now() - start;
    if (worked || elapsed > 5_000) return elapsed;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a connection to no Redis', () => {
  it('fails within a second where nobody listens, then at once, and says why', async () => {
    const connection = openRedis({ url: 'redis://:secret@127.0.0.1:1' });
    try {
      expect(await failsAfter(() => connection.run(echo, ['a'], [1]))).toBeLessThan(1_000);
      expect(await failsAfter(() => connection.run(echo, ['a'], [1]))).toBeLessThan(300);
      await expect(connection.ready()).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    } finally {
      await connection.close();
    }
    expect(await failsAfter(() => connection.run(echo, ['a'], [1]))).toBeLessThan(300);
  });

  it('fails within a second where somebody accepts and never answers', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const connection = openRedis({ url: `redis://127.0.0.1:${port}` });
    try {
      expect(await failsAfter(() => connection.ready())).toBeLessThan(1_000);
      expect(await failsAfter(() => connection.run(echo, ['a'], [1]))).toBeLessThan(1_000);
    } finally {
      await connection.close();
      silent.close();
    }
  });

  it('refuses a bad URL before it connects', () => {
    expect(() => openRedis({ url: 'memcached://cache' })).toThrow('REDIS_URL');
  });
});

// Without a Redis on this machine the global setup has said so.
const describeHere = findRedisServer() === undefined ? () => {} : describe;

describeHere('a connection to Redis', () => {
  let server: RedisServer;
  let connection: RedisConnection;
  let commands: string[];
  let states: string[];
  const run = () => connection.run(echo, ['a'], [1]);

  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    commands = [];
    states = [];
    connection = openRedis({
      url: server.url,
      prefix: 'p:',
      onCommand: (name) => commands.push(name),
      onStateChange: (state) => states.push(state),
    });
    await connection.ready();
  });
  afterEach(() => connection.close());

  it('runs a script by its digest, sends it once to a server that has not seen it, and tells each command', async () => {
    expect(commands.splice(0)).toEqual(['ping']);
    await connection.client.script('FLUSH');
    expect(await run()).toEqual(['p:a', '1']);
    expect(await run()).toEqual(['p:a', '1']);
    expect(commands).toEqual(['evalsha', 'eval', 'evalsha']);
  });

  it('lets what is sent in one turn go out together, eight at a time, and what is alone at once', async () => {
    const stream = connection.servers()[0]?.stream;
    if (stream === undefined) throw new Error('not connected');
    const writes: number[] = [];
    const written = (text: string) => text.split('evalsha').length - 1;
    jest.spyOn(stream, '_write').mockImplementation(function (this: Socket, chunk, encoding, done) {
      writes.push(written(String(chunk)));
      return Socket.prototype._write.call(this, chunk, encoding, done);
    });
    jest.spyOn(stream, '_writev').mockImplementation(function (this: Socket, chunks, done) {
      writes.push(written(chunks.map(({ chunk }) => String(chunk)).join('')));
      return Socket.prototype._writev?.call(this, chunks, done);
    });
    await run();
    expect(writes.splice(0)).toEqual([1]);
    const answers = await Promise.all(Array.from({ length: 21 }, run));
    expect(answers).toEqual(Array.from({ length: 21 }, () => ['p:a', '1']));
    expect(writes.splice(0)).toEqual([1, 8, 8, 4]);
    await run();
    expect(writes).toEqual([1]);
  });

  it('leaves a bug in a script what it is, without its arguments', async () => {
    const bug = connection.run(script('return nil + 1'), ['a'], ['secret']);
    await expect(bug).rejects.toThrow('arithmetic');
    await expect(bug).rejects.not.toBeInstanceOf(DependencyUnavailable);
    await expect(bug).rejects.not.toHaveProperty('command');
  });

  it('fails within a second while Redis does not answer, and works within three of its return', async () => {
    const info = await connection.client.info('server');
    const pid = Number(/process_id:(\d+)/.exec(info)?.[1]);
    process.kill(pid, 'SIGSTOP');
    try {
      const times = await Promise.all(Array.from({ length: 20 }, () => failsAfter(run)));
      expect(Math.max(...times)).toBeLessThan(1_000);
      expect(await failsAfter(() => connection.ready())).toBeLessThan(1_000);
      // By now the silent connection has been given up: no call waits for it any more.
      await worksAfter(async () => expect(states.at(-1)).toBe('down'));
      expect(await failsAfter(run)).toBeLessThan(300);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    expect(await worksAfter(run)).toBeLessThan(3_000);
    expect(states).toEqual(['up', 'down', 'up']);
  });

  it('fails at once while Redis is gone, and works within three seconds of its return', async () => {
    await server.kill();
    expect(await failsAfter(run)).toBeLessThan(1_000);
    expect(await failsAfter(run)).toBeLessThan(300);
    await server.restart();
    expect(await worksAfter(run)).toBeLessThan(3_000);
    expect(states).toEqual(['up', 'down', 'up']);
  });

  it('takes a replica for an unavailable Redis', async () => {
    const write = script("return redis.call('SET', KEYS[1], 1, 'PX', 1000)");
    await connection.client.call('REPLICAOF', '127.0.0.1', '1');
    try {
      await failsAfter(() => connection.run(write, ['a'], []));
    } finally {
      await worksAfter(() => connection.client.call('REPLICAOF', 'NO', 'ONE'));
    }
    expect(await worksAfter(() => connection.run(write, ['a'], []))).toBeLessThan(3_000);
  });
});
