import { type Linked, linkHolds, type Mark, markHolds } from './audit-chain';
import type { AuditSeal, SealedContent } from './audit-seal';
import { RESUMED } from './audit-sealer';

/** An event as it lies in the database. */
export interface StoredEvent extends SealedContent, Linked {
  readonly seq: bigint | null;
  readonly chain: Uint8Array | null;
}

/** The first thing that is not as it was written. */
export interface Fault {
  readonly what: 'changed' | 'removed' | 'slipped in' | 'moved' | 'begun anew' | 'mark changed';
  /** The place in the chain; null for what has none. */
  readonly seq: bigint | null;
  /** Of the event; null where there is none, or none any more. */
  readonly id: string | null;
  /** What the evidence is. */
  readonly why: string;
}

/** What was made with a key that is not listed, about which nothing can be said. */
export interface Unchecked {
  readonly count: number;
  readonly first: bigint | null;
  readonly last: bigint | null;
  /** The first ten of them. */
  readonly keyIds: readonly string[];
}

const MOST_KEY_IDS = 10;

/** Follows the chain from event to event, in constant memory. Each step returns the fault that it meets, if any. */
export class ChainVerifier {
  readonly #seal: AuditSeal;
  #seq: bigint;
  #chain: Uint8Array | null;
  #unchecked = { count: 0, first: null as bigint | null, last: null as bigint | null };
  readonly #keyIds = new Set<string>();

  /** Begins after this place: 0 and null for the very beginning. */
  constructor(seal: AuditSeal, seq: bigint, chain: Uint8Array | null) {
    this.#seal = seal;
    this.#seq = seq;
    this.#chain = chain;
  }

  /** The last place that was looked at. */
  get seq(): bigint {
    return this.#seq;
  }

  get unchecked(): Unchecked {
    return { ...this.#unchecked, keyIds: [...this.#keyIds] };
  }

  /** The next sealed event by its place. */
  next(event: StoredEvent & { readonly seq: bigint; readonly chain: Uint8Array }): Fault | undefined {
    const { seq, id, chain } = event;
    if (seq <= this.#seq) {
      return { what: 'slipped in', seq, id, why: 'it stands before the beginning of the chain' };
    }
    if (seq > this.#seq + 1n) return gap(this.#seq + 1n, seq - 1n, id);
    const content = this.#seal.holds(event.keyId, event, event.mac);
    const linked = linkHolds(this.#seal, this.#chain, seq, event, chain);
    if (content === false) {
      return linked === false
        ? {
            what: 'slipped in',
            seq,
            id,
            why: 'neither its MAC nor the chain knows it (or all of it was replaced)',
          }
        : { what: 'changed', seq, id, why: 'its MAC does not fit what it says' };
    }
    if (linked === false) return this.#misplaced(event);
    if (content === undefined || linked === undefined) this.#pass(seq, event.keyId);
    this.#seq = seq;
    this.#chain = chain;
    return undefined;
  }

  /** An event that is not sealed yet. */
  unsealed(event: StoredEvent): Fault | undefined {
    const holds = this.#seal.holds(event.keyId, event, event.mac);
    if (holds === undefined) this.#pass(null, event.keyId);
    if (holds !== false) return undefined;
    const why = 'it is not sealed yet, and its MAC does not fit what it says';
    return { what: 'slipped in', seq: null, id: event.id, why };
  }

  /** A signed place: that of the event looked at last, or one beyond all there are. */
  mark(mark: Mark): Fault | undefined {
    const holds = markHolds(this.#seal, mark);
    const name = `the ${NAMES[mark.kind]} of ${mark.at.toISOString()}`;
    if (holds === false) {
      return { what: 'mark changed', seq: mark.seq, id: null, why: `the signature of ${name} does not fit` };
    }
    if (holds === undefined) {
      this.#pass(mark.seq, mark.keyId);
      return undefined;
    }
    if (mark.seq > this.#seq) {
      const why = `${name} says that the chain went on to seq ${mark.seq}`;
      return { what: 'removed', seq: this.#seq + 1n, id: null, why };
    }
    if (mark.seq === this.#seq && !Buffer.from(mark.chain).equals(this.#chain ?? Buffer.alloc(0))) {
      return { what: 'changed', seq: mark.seq, id: null, why: `${name} was signed over another chain` };
    }
    return undefined;
  }

  /** Genuine, and yet not what the chain says. */
  #misplaced(event: StoredEvent & { readonly seq: bigint; readonly chain: Uint8Array }): Fault {
    const { seq, id, type, details, chain } = event;
    const anew = linkHolds(this.#seal, null, seq, event, chain) === true && type === 'authz_admin';
    if (anew && details.includes(RESUMED)) {
      const why = `sealing found the chain before it broken, and began anew: ${details}`;
      return { what: 'begun anew', seq, id, why };
    }
    const why =
      'it is genuine, but was not sealed in this place: events were swapped, or renumbered after a removal';
    return { what: 'moved', seq, id, why };
  }

  #pass(seq: bigint | null, keyId: string): void {
    const { count, first, last } = this.#unchecked;
    this.#unchecked = { count: count + 1, first: first ?? seq, last: seq ?? last };
    if (this.#keyIds.size < MOST_KEY_IDS) this.#keyIds.add(keyId);
  }
}

const NAMES = { ANCHOR: 'beginning', HEAD: 'end', CHECKPOINT: 'checkpoint' } as const;

function gap(from: bigint, to: bigint, next: string): Fault {
  const why = `${from === to ? `seq ${from} is` : `seq ${from} to ${to} are`} not there; event ${next} comes next`;
  return { what: 'removed', seq: from, id: null, why };
}
