import type { Clock } from '../../clock';
import { ExpiringMap } from '../memory/expiring-map';
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
const MAX_ACCOUNTS = 1_000_000;

interface HeldEntry extends OtpEntry {
  readonly digits: 'staged' | 'active' | 'dead';
  readonly tries: number;
}

/** One-time passwords in this process: for one instance alone. A restart voids them. */
export class MemoryOtpStore implements OtpStore {
  readonly #clock: Clock;
  /** By account and purpose; oldest first. */
  readonly #outstanding = new ExpiringMap<readonly HeldEntry[]>(MAX_ACCOUNTS);
  /** By account: when the wrong tries of the last 24 hours were made, oldest first. */
  readonly #wrongTries = new ExpiringMap<readonly number[]>(MAX_ACCOUNTS);

  constructor(options: { readonly clock: Clock }) {
    this.#clock = options.clock;
  }

  async stage(account: string, purpose: OtpPurpose, entry: OtpEntry): Promise<void> {
    const now = this.#clock.now();
    const key = keyOf(account, purpose);
    const others = this.#living(key, now).filter(({ id }) => id !== entry.id);
    const staged: HeldEntry = { ...entry, digits: 'staged', tries: 0 };
    this.#save(key, [...others, staged].slice(-MAX_OUTSTANDING_TOKENS), now);
  }

  async activate(account: string, purpose: OtpPurpose, id: string): Promise<void> {
    const now = this.#clock.now();
    const key = keyOf(account, purpose);
    const entries = this.#living(key, now);
    const position = entries.findIndex((entry) => entry.id === id);
    if (position === -1) return;
    // Those staged after it live: of two mails under way the older may be accepted last.
    const activated = entries.map((entry, index): HeldEntry => {
      if (index < position) return { ...entry, digits: 'dead' };
      return index === position && entry.digits === 'staged' ? { ...entry, digits: 'active' } : entry;
    });
    this.#save(key, activated, now);
  }

  async discard(account: string, purpose: OtpPurpose, id: string): Promise<void> {
    const now = this.#clock.now();
    const key = keyOf(account, purpose);
    const others = this.#living(key, now).filter((entry) => entry.id !== id);
    this.#save(key, others, now);
  }

  async present(account: string, purpose: OtpPurpose, presented: PresentedOtp): Promise<PresentOutcome> {
    const now = this.#clock.now();
    const key = keyOf(account, purpose);
    const entries = this.#living(key, now);
    if (entries.length === 0) return 'unknown';
    if (presented.kind === 'token') {
      if (!entries.some(({ tokenDigest }) => presented.digests.includes(tokenDigest))) return 'wrong';
      this.#outstanding.delete(key);
      return 'accepted';
    }

    const living = entries.filter(({ digits, tries }) => digits !== 'dead' && tries < MAX_TRIES_PER_CODE);
    const wrongTries = (this.#wrongTries.get(account, now) ?? []).filter((at) => at > now - DAY_MS);
    if (living.length === 0 || wrongTries.length >= MAX_WRONG_TRIES_PER_DAY) return 'exhausted';
    if (living.some(({ codeDigest }) => presented.digests.includes(codeDigest))) {
      this.#outstanding.delete(key);
      return 'accepted';
    }
    // Nothing can come between compare and count here: the whole step is synchronous.
    this.#wrongTries.set(account, [...wrongTries, now], now + DAY_MS, now);
    const counted = entries.map((entry) =>
      living.includes(entry) ? { ...entry, tries: entry.tries + 1 } : entry,
    );
    this.#save(key, counted, now);
    return 'wrong';
  }

  #living(key: string, now: number): readonly HeldEntry[] {
    return (this.#outstanding.get(key, now) ?? []).filter(({ expiresAt }) => expiresAt > now);
  }

  #save(key: string, entries: readonly HeldEntry[], now: number): void {
    const expiresAt = Math.max(0, ...entries.map((entry) => entry.expiresAt));
    if (expiresAt <= now) this.#outstanding.delete(key);
    else this.#outstanding.set(key, entries, expiresAt, now);
  }
}

const keyOf = (account: string, purpose: OtpPurpose): string => `${purpose} ${account}`;
