import type { Clock } from '../../clock';
import type { RedisConnection } from '../redis/redis';
import { loadScript } from '../redis/redis-script';
import type { ResetGrant, ResetTokenStore } from './reset-token-store';

const putScript = loadScript(__dirname, 'put');
const findScript = loadScript(__dirname, 'find');
const removeScript = loadScript(__dirname, 'remove');

/** Reset tokens in Redis, by Redis' time. */
export class RedisResetTokenStore implements ResetTokenStore {
  readonly #connection: RedisConnection;
  readonly #clock: Clock;

  constructor(connection: RedisConnection, options: { readonly clock: Clock }) {
    this.#connection = connection;
    this.#clock = options.clock;
  }

  async put(digest: string, grant: ResetGrant, expiresAt: number): Promise<void> {
    const args = [this.#clock.offset, expiresAt, grant.userId, grant.credentialVersion];
    await this.#connection.run(putScript, [keyOf(digest)], args);
  }

  async find(digest: string): Promise<ResetGrant | undefined> {
    const reply = await this.#connection.run(findScript, [keyOf(digest)], [this.#clock.offset]);
    const [userId, credentialVersion] = reply as [string, number] | [];
    if (userId === undefined || credentialVersion === undefined) return undefined;
    return { userId, credentialVersion };
  }

  async remove(digest: string): Promise<boolean> {
    return (await this.#connection.run(removeScript, [keyOf(digest)], [this.#clock.offset])) === 1;
  }
}

const keyOf = (digest: string): string => `reset-token:${digest}`;
