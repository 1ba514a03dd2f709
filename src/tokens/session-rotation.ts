import type { Clock } from '../clock';
import type { Account } from '../stores/account/account-store';
import type { Origin } from '../stores/audit/audit-store';
import { unlessUnavailable } from '../stores/dependency-unavailable';
import { REPLAY_GRACE_MS, type SessionStore } from '../stores/session/session-store';
import type {
  Device,
  SessionRecord,
  SessionRecordStore,
} from '../stores/session-record/session-record-store';
import type { RefreshTokens } from './refresh-token';
import type { RotationEvents } from './session-events';
import type { Grant, SessionGrants } from './session-grants';
import type { Sessions } from './sessions';

/** A refresh token whose signature holds; whether its generation does is for `rotate` to find out. */
export interface PresentedRefresh {
  readonly generation: number;
  readonly record: SessionRecord;
  readonly account: Account;
}

export type RotationResult =
  | { readonly outcome: 'rotated'; readonly grant: Grant }
  | { readonly outcome: 'reused' }
  | { readonly outcome: 'ended' };

export interface SessionRotationOptions {
  readonly store: SessionStore;
  readonly records: SessionRecordStore;
  readonly sessions: Pick<Sessions, 'refill'>;
  readonly refreshTokens: RefreshTokens;
  readonly grants: SessionGrants;
  readonly clock: Clock;
  readonly events: RotationEvents;
}

/**
 * Rotation of refresh tokens with detection of reuse (RFC 9700, 4.14.2). Every method throws `DependencyUnavailable`.
 */
export class SessionRotation {
  readonly #options: SessionRotationOptions;

  constructor(options: SessionRotationOptions) {
    this.#options = options;
  }

  /** Checks the signature of a refresh token; undefined for a forged or foreign one, or one of a session long gone. */
  async present(refreshToken: string): Promise<PresentedRefresh | undefined> {
    const { records, refreshTokens } = this.#options;
    const parsed = refreshTokens.parse(refreshToken);
    if (parsed === undefined) return undefined;
    const found = await records.find(parsed.sessionId);
    if (found === undefined || !refreshTokens.verify(parsed, found.record.secret)) return undefined;
    return { generation: parsed.generation, ...found };
  }

  /**
   * Rotates: marks the successor pending, writes the record, confirms. Until it is confirmed the presented token stays
   * good, so a failure in between costs nothing; the successor is handed out only afterwards.
   */
  async rotate(presented: PresentedRefresh, device: Device, by: Origin): Promise<RotationResult> {
    const { store, records, sessions, grants, events } = this.#options;
    const { record, account } = presented;
    if (account.disabled) return { outcome: 'ended' };
    let rotation = await store.rotate(account.id, record.id, presented.generation);
    if (rotation.outcome === 'missing' && (await sessions.refill(account.id, record.id))) {
      rotation = await store.rotate(account.id, record.id, presented.generation);
    }
    if (rotation.outcome === 'reused') {
      events.onReuse();
      await records.endReused(account.id, record.id, by);
      await store.end(account.id, [record.id]);
      return { outcome: 'reused' };
    }
    if (rotation.outcome === 'ended') {
      // The record may not know yet: whoever ended the session in the store may have failed before writing it, or be
      // about to. An old token is reuse here too, or of two at once one could end the session without a notice.
      if (this.isOld(presented)) await records.endReused(account.id, record.id, by);
      else await records.end(account.id, record.id, by);
    }
    if (rotation.outcome === 'ended' || rotation.outcome === 'missing') return { outcome: 'ended' };

    const { generation } = rotation;
    if (rotation.outcome === 'replayed' && !rotation.pending) {
      return {
        outcome: 'rotated',
        grant: grants.issue(account, record, generation, grants.unchanged(record.expiresAt)),
      };
    }
    const lifetime = grants.renewed(record.endsAt);
    const { expiresAt } = lifetime;
    if ((await records.advance(record.id, generation, { ...device, expiresAt })) === 'ended') {
      // The store may not know yet: whoever ended the session in the record may have failed before telling it.
      await store.end(account.id, [record.id]);
      return { outcome: 'ended' };
    }
    const confirmed = await store.confirm(account.id, record.id, generation, expiresAt);
    if (confirmed === 'ended') return { outcome: 'ended' };
    // The successor stands whether or not the record hears of it: unconfirmed there, its predecessor would only be
    // accepted for longer, should the store be lost.
    await records.confirm(record.id, generation).catch(unlessUnavailable);
    return { outcome: 'rotated', grant: grants.issue(account, record, generation, lifetime) };
  }

  /** Whether the record alone says that this token must not come again. */
  isOld({ generation, record }: PresentedRefresh): boolean {
    if (generation < record.generation - 1) return true;
    const { confirmedAt } = record;
    return (
      generation === record.generation - 1 &&
      confirmedAt !== null &&
      this.#options.clock.now() > confirmedAt + REPLAY_GRACE_MS
    );
  }
}
