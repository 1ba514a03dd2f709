export interface SessionEvents {
  /** An account has logged in for the first time. */
  onFirstLogin(): void;
  /** A session that the store had lost was looked for in the record: `absent` if there is none that could go on. */
  onRefill(outcome: 'restored' | 'absent'): void;
}

export interface RotationEvents {
  /** A refresh token has come again that must not, and its session was ended for it. */
  onReuse(): void;
}
