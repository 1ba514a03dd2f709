import type { Clock } from '../../clock';
import type { RedisConnection } from '../redis/redis';
import { loadScript, type RedisScript } from '../redis/redis-script';
import {
  MAX_OUTSTANDING_TOKENS,
  MAX_TRIES_PER_CODE,
  MAX_WRONG_TRIES_PER_DAY,
  type OtpEntry,
  type OtpPurpose,
  type OtpStore,
  type PresentedOtp,
  type PresentOutcome,
} from './otp-store';

const DAY_MS = 24 * 60 * 60_000;

const script = (name: string): RedisScript => loadScript(__dirname, 'outstanding', name);
const scripts = {
  stage: script('stage'),
  activate: script('activate'),
  discard: script('discard'),
  presentCode: script('present-code'),
  presentToken: script('present-token'),
};

/** One-time passwords in Redis, by Redis' time. All keys of an account lie in one slot. */
export class RedisOtpStore implements OtpStore {
  readonly #connection: RedisConnection;
  readonly #clock: Clock;

  constructor(connection: RedisConnection, options: { readonly clock: Clock }) {
    this.#connection = connection;
    this.#clock = options.clock;
  }

  async stage(account: string, purpose: OtpPurpose, entry: OtpEntry): Promise<void> {
    const { id, codeDigest, tokenDigest, expiresAt } = entry;
    const args = [id, codeDigest, tokenDigest, expiresAt, MAX_OUTSTANDING_TOKENS];
    await this.#run(scripts.stage, [outstandingKey(account, purpose)], args);
  }

  async activate(account: string, purpose: OtpPurpose, id: string): Promise<void> {
    await this.#run(scripts.activate, [outstandingKey(account, purpose)], [id]);
  }

  async discard(account: string, purpose: OtpPurpose, id: string): Promise<void> {
    await this.#run(scripts.discard, [outstandingKey(account, purpose)], [id]);
  }

  async present(account: string, purpose: OtpPurpose, presented: PresentedOtp): Promise<PresentOutcome> {
    const outstanding = outstandingKey(account, purpose);
    if (presented.kind === 'token') {
      return (await this.#run(scripts.presentToken, [outstanding], presented.digests)) as PresentOutcome;
    }
    const keys = [outstanding, `otp:{${account}}:wrong-tries`];
    const args = [MAX_TRIES_PER_CODE, MAX_WRONG_TRIES_PER_DAY, DAY_MS, ...presented.digests];
    return (await this.#run(scripts.presentCode, keys, args)) as PresentOutcome;
  }

  #run(of: RedisScript, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return this.#connection.run(of, keys, [this.#clock.offset, ...args]);
  }
}

const outstandingKey = (account: string, purpose: OtpPurpose): string => `otp:{${account}}:${purpose}`;
