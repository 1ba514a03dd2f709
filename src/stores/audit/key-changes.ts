/** Which keys are listed beside those of `SECRET_KEYS`, by their ids, in their order. Nothing of the keys themselves. */
export interface ListedKeys {
  readonly signingKeys: readonly string[];
  readonly peppers: readonly string[];
}

export interface KeyChanges {
  /** Tells of all keys in the audit trail unless they were told of last; true if it did. Throws `DependencyUnavailable`. */
  note(keys: ListedKeys): Promise<boolean>;
}
