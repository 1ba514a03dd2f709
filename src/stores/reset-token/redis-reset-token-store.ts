import type { Clock } from '../../clock';
import type { RedisConnection } from '../redis/redis';
import { loadScript } from '../redis/redis-script';
import type { ResetGrant, ResetTokenStore, TakenGrant } from './reset-token-store';

const putScript = loadScript(__dirname, 'put');
const takeScript = loadScript(__dirname, 'take');

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

  async take(digest: string): Promise<TakenGrant | undefined> {
    const reply = await this.#connection.run(takeScript, [keyOf(digest)], [this.#clock.offset]);
    const [userId, credentialVersion, expiresAt] = reply as [string, number, number] | [];
    if (userId === undefined || credentialVersion === undefined || expiresAt === undefined) return undefined;
    return { grant: { userId, credentialVersion }, expiresAt };
  }
}

const keyOf = (digest: string): string => `reset-token:${digest}`;
