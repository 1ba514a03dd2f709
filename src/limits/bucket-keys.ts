import type { Charge } from './limiter';
import { type BucketKey, POLICIES, POLICY_NAMES } from './policies';

/** Whom buckets are kept for, as far as is known. */
export interface BucketOwner {
  /** As `clientAddress` writes it. */
  readonly address?: string | undefined;
  /** In its canonical form. */
  readonly email?: string | undefined;
  readonly userId?: string | undefined;
}

/** The parts of a key, as whoever charges names them; undefined where one of them is not known. */
const PARTS: Readonly<Record<BucketKey, (owner: BucketOwner) => readonly (string | undefined)[]>> = {
  address: ({ address }) => [address],
  'e-mail and address': ({ email, address }) => [email, address],
  'e-mail': ({ email }) => [email],
  user: ({ userId }) => [userId],
  session: () => [undefined],
};

/** Every bucket there can be of an owner: a pair only where both of it are known, none of single sessions. */
export function bucketsOf(owner: BucketOwner): Charge[] {
  return POLICY_NAMES.flatMap((policy) => {
    const parts = PARTS[POLICIES[policy].key](owner);
    return parts.every((part) => part !== undefined) ? [{ policy, parts }] : [];
  });
}
