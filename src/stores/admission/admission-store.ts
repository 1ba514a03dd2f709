import type { FoundSession } from '../session/session-store';
import type { Bucket, TakeResult } from '../token-bucket/token-bucket-store';

export interface Admission {
  readonly taken: TakeResult;
  /** Found whether or not the tokens were taken. */
  readonly found: FoundSession;
}

/** What every request with an access token asks for: its tokens and its session, in one round trip. */
export interface AdmissionStore {
  /** As `TokenBucketStore.take` and `SessionStore.find`. Throws what they throw. */
  admit(buckets: readonly Bucket[], userId: string, sessionId: string): Promise<Admission>;
}
