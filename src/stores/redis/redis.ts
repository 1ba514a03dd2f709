import { Cluster, Redis } from 'ioredis';
import { DependencyUnavailable } from '../dependency-unavailable';
import { JoinedWrites } from './joined-writes';
import { parseRedisUrl } from './parse-redis-url';
import { COMMAND_TIMEOUT_MS, clusterOptions, serverOptions } from './redis-options';
import type { RedisScript } from './redis-script';
import { storeError } from './store-error';

export interface OpenRedisOptions {
  /** See `parseRedisUrl`. */
  readonly url: string;
  /** Stands before every key; `tollgate:` unless given. */
  readonly prefix?: string;
  /** Milliseconds that a command may take; 800 unless given. */
  readonly commandMs?: number;
  /** Called once for each command sent, with its name in lower case. */
  readonly onCommand?: (name: string) => void;
  /** Called once for each command that has ended, well or ill, with the seconds that took, and the script if it ran one. */
  readonly onCommandEnded?: (name: string, seconds: number, script: string | undefined) => void;
  /** Called at each change; `cause` is the newest error of the connection. */
  readonly onStateChange?: (state: 'up' | 'down', cause?: Error) => void;
}

/** Redis as the stores use it: each call ends within a second, and every failure of the server is one error. */
export class RedisConnection {
  readonly client: Redis | Cluster;
  readonly #writes = new JoinedWrites(() => this.servers());
  readonly #prefix: string;
  readonly #onCommand: (name: string) => void;
  readonly #onCommandEnded: (name: string, seconds: number, script: string | undefined) => void;
  readonly #onStateChange: (state: 'up' | 'down', cause?: Error) => void;
  /** Settles when the first attempt to connect has ended, well or ill; undefined from then on. */
  #firstAttempt: Promise<void> | undefined;
  #endFirstAttempt: () => void = () => {};
  #state: 'up' | 'down' = 'down';
  #lastError: Error | undefined;
  /** Commands sent and not answered. */
  #underWay = 0;
  #closing = false;

  constructor(options: OpenRedisOptions) {
    const target = parseRedisUrl(options.url);
    this.#prefix = options.prefix ?? 'tollgate:';
    const { commandMs = COMMAND_TIMEOUT_MS } = options;
    this.#onCommand = options.onCommand ?? (() => {});
    this.#onCommandEnded = options.onCommandEnded ?? (() => {});
    this.#onStateChange = options.onStateChange ?? (() => {});
    this.#firstAttempt = new Promise((resolve) => {
      this.#endFirstAttempt = resolve;
    });
    if (target.kind === 'cluster') {
      const nodes = target.nodes.map((node) => ({ ...node }));
      this.client = this.#watchCluster(new Cluster(nodes, clusterOptions(target, commandMs)));
    } else {
      this.client = new Redis(serverOptions(target, commandMs));
    }
    this.#watch(this.client);
  }

  get isCluster(): boolean {
    return this.client.isCluster;
  }

  /**
   * Runs a script; `keys` are given without the prefix and share one slot. Throws `DependencyUnavailable`, or the
   * script's own error if that is a bug.
   */
  async run(
    script: RedisScript,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    if (this.#firstAttempt !== undefined) await this.#waitForFirstAttempt();
    const parameters = [...keys.map((key) => this.#prefix + key), ...args];
    try {
      return await this.#sent(
        'evalsha',
        () => this.client.evalsha(script.sha, keys.length, ...parameters),
        script.name,
      );
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw this.#failure(error);
    }
    // This server has not seen the script since its start; it had no effect, so it may be sent once more.
    try {
      return await this.#sent(
        'eval',
        () => this.client.eval(script.source, keys.length, ...parameters),
        script.name,
      );
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** Resolves when every server (of a cluster: every master) answers. Throws `DependencyUnavailable` within a second. */
  async ready(): Promise<void> {
    if (this.#firstAttempt !== undefined) await this.#waitForFirstAttempt();
    if (!this.#isUp()) throw this.#failure(new Error('not connected'));
    try {
      await Promise.all(this.servers().map((server) => this.#sent('ping', () => server.ping())));
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** The server, or the masters of a cluster that are known by now. */
  servers(): readonly Redis[] {
    return this.client instanceof Cluster ? this.client.nodes('master') : [this.client];
  }

  /** Lets the commands under way end, then closes. Never throws. */
  async close(): Promise<void> {
    this.#closing = true;
    try {
      await this.client.quit();
    } catch {
      // Not connected, or no answer in time: there is nothing to wait for.
    } finally {
      this.client.disconnect();
    }
  }

  async #sent<T>(name: string, send: () => Promise<T>, script?: string): Promise<T> {
    this.#onCommand(name);
    const sentAt = performance.now();
    // One that is alone need not wait for others.
    if (this.#underWay > 0) this.#writes.join();
    this.#underWay += 1;
    try {
      return await send();
    } finally {
      this.#underWay -= 1;
      this.#onCommandEnded(name, (performance.now() - sentAt) / 1000, script);
    }
  }

  #isUp(): boolean {
    return this.client.status === 'ready' && this.servers().every(({ status }) => status === 'ready');
  }

  #failure(error: unknown): Error {
    const failure = storeError(error);
    // "Not connected" says little; why not is what the log needs.
    if (this.#state === 'up' || this.#lastError === undefined) return failure;
    return failure instanceof DependencyUnavailable
      ? new DependencyUnavailable('redis', this.#lastError)
      : failure;
  }

  #watch(client: Redis | Cluster): void {
    client.on('error', (error: Error) => {
      this.#noteError(error);
      this.#endFirstAttempt();
    });
    for (const event of ['ready', 'close', 'end']) client.on(event, () => this.#noteState());
  }

  /** A node that is not connected refuses, so connect to each at once, not at its first command. */
  #watchCluster(cluster: Cluster): Cluster {
    cluster.on('node error', (error: Error) => this.#noteError(error));
    cluster.on('+node', (node: Redis) => {
      for (const event of ['ready', 'close']) node.on(event, () => this.#noteState());
      node.connect().catch(() => {});
    });
    return cluster;
  }

  #noteError(error: Error): void {
    Reflect.deleteProperty(error, 'command');
    this.#lastError = error;
  }

  #noteState(): void {
    const up = this.#isUp();
    if (up) this.#endFirstAttempt();
    const state = up ? 'up' : 'down';
    if (state === this.#state || this.#closing) return;
    this.#state = state;
    if (up) this.#lastError = undefined;
    this.#onStateChange(state, this.#lastError);
  }

  async #waitForFirstAttempt(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, COMMAND_TIMEOUT_MS);
    });
    await Promise.race([this.#firstAttempt, timeout]);
    clearTimeout(timer);
    this.#firstAttempt = undefined;
  }
}

/** Connects in the background; the first calls wait for that, later ones fail at once while the server is away. */
export function openRedis(options: OpenRedisOptions): RedisConnection {
  return new RedisConnection(options);
}
