/** Of a database, whose advisory locks all its users share, these are ours: each act that must come alone has a number. */
export const ADVISORY_LOCKS = {
  firstAdmin: 7_421_001,
  housekeeping: 7_421_002,
  allowlist: 7_421_003,
  admins: 7_421_004,
  auditSealing: 7_421_005,
  auditRetention: 7_421_006,
  keyChanges: 7_421_007,
  limits: 7_421_008,
  migration: 7_466_001_964,
} as const;
