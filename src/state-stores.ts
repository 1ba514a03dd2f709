import type { Clock } from './clock';
import type { AdmissionStore } from './stores/admission/admission-store';
import { RedisAdmissionStore } from './stores/admission/redis-admission-store';
import { SplitAdmissionStore } from './stores/admission/split-admission-store';
import { MemoryOtpStore } from './stores/otp/memory-otp-store';
import type { OtpStore } from './stores/otp/otp-store';
import { RedisOtpStore } from './stores/otp/redis-otp-store';
import type { RedisConnection } from './stores/redis/redis';
import { MemoryResetTokenStore } from './stores/reset-token/memory-reset-token-store';
import { RedisResetTokenStore } from './stores/reset-token/redis-reset-token-store';
import type { ResetTokenStore } from './stores/reset-token/reset-token-store';
import { MemorySessionStore } from './stores/session/memory-session-store';
import { RedisSessionStore } from './stores/session/redis-session-store';
import type { SessionStore } from './stores/session/session-store';
import { MemoryTokenBucketStore } from './stores/token-bucket/memory-token-bucket-store';
import { RedisTokenBucketStore } from './stores/token-bucket/redis-token-bucket-store';
import type { TokenBucketStore } from './stores/token-bucket/token-bucket-store';

/** The working state. */
export interface StateStores {
  readonly sessionStore: SessionStore;
  readonly otpStore: OtpStore;
  readonly resetTokenStore: ResetTokenStore;
  readonly tokenBucketStore: TokenBucketStore;
  readonly admissionStore: AdmissionStore;
}

interface StateOptions {
  readonly clock: Clock;
  readonly maxAgeSeconds: number;
}

/** Working state in Redis: shared by every instance. */
export function redisStores(redis: RedisConnection, options: StateOptions): StateStores {
  const sessionStore = new RedisSessionStore(redis, options);
  const tokenBucketStore = new RedisTokenBucketStore(redis, options);
  return {
    sessionStore,
    otpStore: new RedisOtpStore(redis, options),
    resetTokenStore: new RedisResetTokenStore(redis, options),
    tokenBucketStore,
    admissionStore: redis.isCluster
      ? new SplitAdmissionStore(tokenBucketStore, sessionStore)
      : new RedisAdmissionStore(redis, options),
  };
}

/** Working state inside the process: for one process, until it ends. */
export function memoryStores(options: StateOptions): StateStores {
  const sessionStore = new MemorySessionStore(options);
  const tokenBucketStore = new MemoryTokenBucketStore(options);
  return {
    sessionStore,
    otpStore: new MemoryOtpStore(options),
    resetTokenStore: new MemoryResetTokenStore(options),
    tokenBucketStore,
    admissionStore: new SplitAdmissionStore(tokenBucketStore, sessionStore),
  };
}
