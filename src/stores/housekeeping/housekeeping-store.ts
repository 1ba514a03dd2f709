/** What a round of housekeeping removed. */
export interface Removed {
  readonly pendingAccounts: number;
  readonly sessions: number;
  readonly knownAddresses: number;
  readonly emailChanges: number;
}

export interface HousekeepingStore {
  /**
   * Removes what is past its time: registrations never proven, sessions over for a day, addresses not seen for 90 days,
   * changes of e-mail that could be undone until yesterday.
   * Expired mails go by the outbox worker. Undefined if another process is at it. Throws `DependencyUnavailable`.
   */
  removeExpired(): Promise<Removed | undefined>;
}
