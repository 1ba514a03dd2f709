import type { Prisma } from '@prisma/client';
import { V7Generator } from 'uuidv7';
import type { Clock } from '../../clock';
import type { Database } from '../postgres/database';
import type { AuditSeal } from './audit-seal';
import type { Act, AuditEvent, AuditStore, Origin, RefusalSum } from './audit-store';

/** Tells of an act inside the transaction that makes it. */
export type Tell = (act: Act) => void;

export interface AuditTrailOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly seal: AuditSeal;
  /** Told of every event once it is committed. */
  readonly onWritten: (event: AuditEvent) => void;
}

const MINUTE_MS = 60_000;

type Row = Prisma.AuditEventCreateManyInput;

/** Writes audit events in PostgreSQL, each in the transaction of the change that it tells of. */
export class PrismaAuditTrail implements AuditStore {
  readonly #options: AuditTrailOptions;
  readonly #ids = new V7Generator();

  constructor(options: AuditTrailOptions) {
    this.#options = options;
  }

  /** Makes a change and writes the events that it tells of: both hold, or neither. */
  async change<T>(
    origin: Origin,
    work: (tx: Prisma.TransactionClient, tell: Tell) => Promise<T>,
  ): Promise<T> {
    const told: AuditEvent[] = [];
    const result = await this.#options.database.transaction(async (tx) => {
      // A transaction that is tried again tells anew.
      told.length = 0;
      // Read before the work, which may remove the user, and with it the key.
      const keys = new Map<string, Uint8Array>();
      if (origin.actorId !== null) await addKey(tx, keys, origin.actorId);
      const answer = await work(tx, (act) => void told.push(this.#event(origin, act)));
      if (told.length > 0) await tx.auditEvent.createMany({ data: await this.#rows(tx, keys, told) });
      return answer;
    });
    for (const event of told) this.#options.onWritten(event);
    return result;
  }

  async record(origin: Origin, act: Act): Promise<void> {
    const event = this.#event(origin, act);
    await this.#options.database.run(async (client) => {
      await client.auditEvent.createMany({ data: await this.#rows(client, new Map(), [event]) });
    });
    this.#options.onWritten(event);
  }

  async addRefusals(sums: readonly RefusalSum[]): Promise<void> {
    const { database, seal } = this.#options;
    const column = <T>(of: (sum: RefusalSum) => T) => sums.map(of);
    const minutes = column(({ at }) => new Date(Math.floor(at / MINUTE_MS) * MINUTE_MS));
    await database.run(
      (client) => client.$executeRaw`
        INSERT INTO audit_refusals (minute, type, code, address_digest, address, key_id, count)
        SELECT minute, type, code, digest, address, ${seal.keyId}, count FROM unnest(
          ${minutes}::timestamptz[],
          ${column(({ refusal }) => refusal.type)}::text[],
          ${column(({ refusal }) => refusal.code)}::text[],
          ${column(({ refusal }) => seal.digest(refusal.address))}::text[],
          ${column(({ refusal }) => seal.encrypt(refusal.address))}::bytea[],
          ${column(({ count }) => count)}::int[]
        ) AS sums (minute, type, code, digest, address, count)
        ON CONFLICT (minute, type, code, address_digest) DO UPDATE SET count = audit_refusals.count + excluded.count`,
    );
  }

  #event(origin: Origin, { type, outcome = 'success', subjectId, details = {} }: Act): AuditEvent {
    const at = this.#options.clock.now();
    const id = this.#ids.generateOrResetWithTs(at).toString();
    return { id, at, type, outcome, ...origin, subjectId, details };
  }

  /** The rows of these events; the address lies under the key of the actor, else of the subject, else of nobody. */
  async #rows(
    client: Pick<Prisma.TransactionClient, 'user'>,
    keys: Map<string, Uint8Array>,
    events: readonly AuditEvent[],
  ): Promise<Row[]> {
    const { seal } = this.#options;
    const rows: Row[] = [];
    for (const { at, address, details, ...event } of events) {
      const owner = event.actorId ?? event.subjectId;
      if (owner !== null && !keys.has(owner)) await addKey(client, keys, owner);
      const userKey = owner === null ? undefined : keys.get(owner);
      const content = {
        ...event,
        at: new Date(at),
        details: JSON.stringify(details),
        // A user who is gone has no key any more, and an address of theirs is not kept under another.
        address:
          address === null || (owner !== null && userKey === undefined)
            ? null
            : seal.encrypt(address, userKey),
      };
      rows.push({ ...content, keyId: seal.keyId, mac: seal.mac(content) });
    }
    return rows;
  }
}

async function addKey(
  client: Pick<Prisma.TransactionClient, 'user'>,
  keys: Map<string, Uint8Array>,
  userId: string,
): Promise<void> {
  const user = await client.user.findUnique({ where: { id: userId }, select: { auditKey: true } });
  if (user !== null) keys.set(userId, user.auditKey);
}
