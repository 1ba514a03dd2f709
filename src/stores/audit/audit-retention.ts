/** What a round of removal did. */
export interface Removal {
  /** Events removed. */
  readonly events: number;
  /** The first event that is old enough and was not removed, with its time (milliseconds since the epoch) and why. */
  readonly heldBack: { readonly seq: bigint; readonly at: number; readonly why: string } | undefined;
}

export interface AuditRetention {
  /**
   * Removes the beginning of the chain as far as it is old enough, covered by completed exports and intact, and signs
   * where it begins from then on. Undefined if another process is at it. Throws `DependencyUnavailable`.
   */
  removeExported(): Promise<Removal | undefined>;
}
