import type { Prisma } from '@prisma/client';
import { V7Generator } from 'uuidv7';
import type { Clock } from '../../clock';
import type { Database } from '../postgres/database';
import { AddressKeys } from './address-keys';
import { type AddressKey, type AuditSeal, NOBODY } from './audit-seal';
import type { Act, AuditEvent, AuditStore, Origin, RefusalSum } from './audit-store';
import { insertRows, rowOf, told, type UnsealedRow } from './prisma-audit-row';
import { addRefusalSums } from './prisma-refusal-sums';

/** Tells of an act inside the transaction that makes it. */
export type Tell = (act: Act) => void;

export interface AuditTrailOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly seal: AuditSeal;
  /** Told of every event once it is committed. */
  readonly onWritten: (event: AuditEvent) => void;
}

type Client = Pick<Prisma.TransactionClient, '$queryRaw' | '$executeRaw'>;

/** Writes audit events in PostgreSQL, each in the transaction of the change that it tells of. */
export class PrismaAuditTrail implements AuditStore {
  readonly #options: AuditTrailOptions;
  readonly #ids = new V7Generator();
  readonly #addressKeys: AddressKeys;
  readonly #nobody: AddressKey;

  constructor(options: AuditTrailOptions) {
    this.#options = options;
    this.#addressKeys = new AddressKeys(options.clock);
    this.#nobody = options.seal.addressKey(NOBODY);
  }

  /** Makes a change and writes the events that it tells of: both hold, or neither. */
  async change<T>(
    origin: Origin,
    work: (tx: Prisma.TransactionClient, tell: Tell) => Promise<T>,
  ): Promise<T> {
    const events: AuditEvent[] = [];
    const result = await this.#options.database.transaction(async (tx) => {
      // Read before the work, which may remove the user, and with it the key.
      const actorKey = origin.actorId === null ? undefined : await this.#keyOf(tx, origin.actorId);
      const answer = await work(tx, (act) => void events.push(this.#event(origin, act)));
      if (events.length > 0) await this.#insert(tx, events, actorKey);
      return answer;
    });
    this.#written(events);
    return result;
  }

  /**
   * As `change`, for an act that is one statement with RETURNING: its event goes with it in that same statement, one round
   * trip for four. Returns what it changed; where that is nothing, nothing is told.
   */
  async changeRow<Row>(origin: Origin, act: Act, statement: Prisma.Sql): Promise<Row | undefined> {
    const event = this.#event(origin, act);
    const [row] = await this.#options.database.run(async (client) =>
      client.$queryRaw<Row[]>(told(statement, await this.#rowOf(client, event))),
    );
    if (row !== undefined) this.#written([event]);
    return row;
  }

  async record(origin: Origin, act: Act): Promise<void> {
    const events = [this.#event(origin, act)];
    await this.#options.database.run((client) => this.#insert(client, events));
    this.#written(events);
  }

  async addRefusals(sums: readonly RefusalSum[]): Promise<void> {
    const { database, seal } = this.#options;
    await database.run((client) => addRefusalSums(client, seal, sums));
  }

  #event(origin: Origin, { type, outcome = 'success', subjectId, details = {} }: Act): AuditEvent {
    const at = this.#options.clock.now();
    const id = this.#ids.generateOrResetWithTs(at).toString();
    return { id, at, type, outcome, ...origin, subjectId, details };
  }

  async #insert(client: Client, events: readonly AuditEvent[], actorKey?: AddressKey): Promise<void> {
    const rows: UnsealedRow[] = [];
    for (const event of events) rows.push(await this.#rowOf(client, event, actorKey));
    await insertRows(client, rows);
  }

  /** The address lies under the key of the actor, else of the subject, else of nobody. */
  async #rowOf(
    client: Client,
    { address, ...event }: AuditEvent,
    actorKey?: AddressKey,
  ): Promise<UnsealedRow> {
    const { seal } = this.#options;
    const { actorId, subjectId } = event;
    const owner = actorId ?? subjectId;
    const known = actorId === null ? undefined : actorKey;
    const key = known ?? (owner === null ? this.#nobody : await this.#keyOf(client, owner));
    // A user who is gone has no key any more, and an address of theirs is not kept under another.
    return rowOf(seal, event, address === null || key === undefined ? null : seal.encrypt(address, key));
  }

  async #keyOf(client: Client, userId: string): Promise<AddressKey | undefined> {
    const held = this.#addressKeys.find(userId);
    if (held !== undefined) return held;
    const [user] = await client.$queryRaw<{ key: Uint8Array }[]>`
      SELECT audit_key AS key FROM users WHERE id = ${userId}::uuid`;
    if (user === undefined) return undefined;
    const key = this.#options.seal.addressKey(user.key);
    this.#addressKeys.put(userId, key);
    return key;
  }

  #written(events: readonly AuditEvent[]): void {
    for (const event of events) {
      if (event.type === 'user_deleted' && event.subjectId !== null) this.#addressKeys.drop(event.subjectId);
      this.#options.onWritten(event);
    }
  }
}
