import type { Clock } from '../../clock';
import type { RedisConnection } from '../redis/redis';
import { loadScript } from '../redis/redis-script';
import { readFound, sessionKeys } from '../session/redis-session-store';
import { readTake, storedKey, takeArguments } from '../token-bucket/bucket-arguments';
import { checkBuckets } from '../token-bucket/level';
import type { Bucket } from '../token-bucket/token-bucket-store';
import type { Admission, AdmissionStore } from './admission-store';

const admitScript = loadScript(
  __dirname,
  '../session/session',
  '../token-bucket/bucket',
  '../token-bucket/take-all',
  'admit',
);

/** Tokens and session by one script, on one server. */
export class RedisAdmissionStore implements AdmissionStore {
  readonly #connection: RedisConnection;
  readonly #clock: Clock;

  constructor(connection: RedisConnection, options: { readonly clock: Clock }) {
    this.#connection = connection;
    this.#clock = options.clock;
  }

  async admit(buckets: readonly Bucket[], userId: string, sessionId: string): Promise<Admission> {
    checkBuckets(buckets);
    const keys = [...buckets.map(({ key }) => storedKey(key)), ...sessionKeys(userId, sessionId)];
    const args = takeArguments(this.#clock.offset, buckets);
    const [taken, found] = (await this.#connection.run(admitScript, keys, args)) as [
      readonly number[],
      readonly unknown[],
    ];
    return { taken: readTake(taken, buckets.length), found: readFound(found, userId, sessionId) };
  }
}
