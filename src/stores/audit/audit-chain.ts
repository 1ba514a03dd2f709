import type { AuditSeal } from './audit-seal';

/** What a link of the chain covers of an event: the rest is covered by the event's own MAC. */
export interface Linked {
  readonly id: string;
  readonly keyId: string;
  readonly mac: Uint8Array;
}

/**
 * The chain up to an event: HMAC over the chain before it, its place, its id and its MAC. Under a key that the database does not
 * hold, so that nobody with access to the database alone can chain anew what they changed; under the event's own key
 * where that is listed, so that both can be checked as long as it is. `before` is null where the chain begins.
 */
export function link(seal: AuditSeal, before: Uint8Array | null, seq: bigint, event: Linked) {
  return seal.signUnder(event.keyId, 'link', linkParts(before, seq, event));
}

/** Undefined where its key is not listed any more: nothing can be said then. */
export function linkHolds(
  seal: AuditSeal,
  before: Uint8Array | null,
  seq: bigint,
  event: Linked,
  chain: Uint8Array,
): boolean | undefined {
  return seal.verifyUnder(event.keyId, 'link', linkParts(before, seq, event), chain);
}

function linkParts(before: Uint8Array | null, seq: bigint, { id, keyId, mac }: Linked) {
  return [before === null ? null : base64(before), String(seq), id, keyId, base64(mac)];
}

export type MarkKind = 'ANCHOR' | 'HEAD' | 'CHECKPOINT';

/** A signed place of the chain. The kind is signed too: a checkpoint cannot pass for the beginning. */
export interface Mark {
  readonly kind: MarkKind;
  readonly seq: bigint;
  readonly chain: Uint8Array<ArrayBuffer>;
  readonly at: Date;
  readonly keyId: string;
  readonly mac: Uint8Array<ArrayBuffer>;
}

export function signedMark(seal: AuditSeal, place: Omit<Mark, 'keyId' | 'mac'>): Mark {
  return { ...place, keyId: seal.keyId, mac: seal.sign('mark', markParts(place)) };
}

/** Undefined where its key is not listed any more. */
export function markHolds(seal: AuditSeal, mark: Mark): boolean | undefined {
  return seal.verify('mark', mark.keyId, markParts(mark), mark.mac);
}

function markParts({ kind, seq, chain, at }: Omit<Mark, 'keyId' | 'mac'>) {
  return [kind, String(seq), base64(chain), at.getTime()];
}

/** A checkpoint as one word, to be kept outside the database: `seq.at.key.chain.mac`, bytes in base64url. */
export function checkpointText({ seq, at, keyId, chain, mac }: Mark): string {
  const word = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
  return [seq, at.getTime(), keyId, word(chain), word(mac)].join('.');
}

/** Undefined for what is no such word. Whether it is genuine `markHolds` says. */
export function parseCheckpoint(text: string): Mark | undefined {
  const match = /^(\d{1,18})\.(\d{1,15})\.([\w-]{1,32})\.([\w-]{43})\.([\w-]{43})$/.exec(text.trim());
  if (match === null) return undefined;
  const [, seq = '', at = '', keyId = '', chain = '', mac = ''] = match;
  const bytes = (word: string) => Buffer.from(word, 'base64url');
  return {
    kind: 'CHECKPOINT',
    seq: BigInt(seq),
    at: new Date(Number(at)),
    keyId,
    chain: bytes(chain),
    mac: bytes(mac),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
