/** What the details of the event say with which a chain that was broken goes on. */
export const RESUMED = 'audit chain resumed';

/** What a round of sealing did. */
export interface Sealing {
  /** Events numbered and chained. */
  readonly events: number;
  /** The chain's end, signed, as one word (`checkpointText`): to be kept outside the database. Where one was due. */
  readonly checkpoint: string | undefined;
  /** What had been done to the chain that it could not be gone on with plainly. */
  readonly broken: string | undefined;
}

export interface AuditSealer {
  /**
   * Numbers and chains the events written since the last time, with the sums of refusals whose minute is over. Signs a
   * checkpoint each hour, and at a `closing` one. Undefined if another process is at it. Throws `DependencyUnavailable`.
   */
  seal(closing?: boolean): Promise<Sealing | undefined>;
}
