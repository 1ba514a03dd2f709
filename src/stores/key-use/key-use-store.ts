/** How many rows name a key, by its id. Keys that nothing names are not in it. */
export type KeyUse = ReadonlyMap<string, number>;

/** What depends on the service's keys, so that an operator knows which old one may go. */
export interface KeyUseStore {
  /** Accounts by the pepper of their password. Reads them all. Throws `DependencyUnavailable`. */
  countByPepper(): Promise<KeyUse>;
  /** Rows of the audit trail by the key of their MAC. Reads them all. Throws `DependencyUnavailable`. */
  countByAuditKey(): Promise<KeyUse>;
}
