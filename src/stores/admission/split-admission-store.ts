import type { SessionStore } from '../session/session-store';
import type { Bucket, TokenBucketStore } from '../token-bucket/token-bucket-store';
import type { Admission, AdmissionStore } from './admission-store';

/** Asks both stores at the same time: for those in process, and where their keys lie on several servers. */
export class SplitAdmissionStore implements AdmissionStore {
  readonly #buckets: TokenBucketStore;
  readonly #sessions: SessionStore;

  constructor(buckets: TokenBucketStore, sessions: SessionStore) {
    this.#buckets = buckets;
    this.#sessions = sessions;
  }

  async admit(buckets: readonly Bucket[], userId: string, sessionId: string): Promise<Admission> {
    const [taken, found] = await Promise.all([
      this.#buckets.take(buckets),
      this.#sessions.find(userId, sessionId),
    ]);
    return { taken, found };
  }
}
