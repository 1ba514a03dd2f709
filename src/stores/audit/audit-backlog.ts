/** What of the audit trail waits to be sealed. */
export interface AuditBacklog {
  /** Age in milliseconds of the oldest event that is not sealed yet; 0 if there is none. Throws `DependencyUnavailable`. */
  oldestUnsealedAgeMs(): Promise<number>;
}
