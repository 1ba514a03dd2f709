/** A store's server did not answer in time or refused. The caller may try again; nothing is known about the effect. */
export class DependencyUnavailable extends Error {
  override readonly name = 'DependencyUnavailable';

  constructor(
    readonly dependency: 'postgresql' | 'redis',
    cause: unknown,
  ) {
    super(`${dependency} is unavailable`, { cause });
  }
}

/** For a `catch` around what may go undone while a dependency is away: any other error is thrown on. */
export function unlessUnavailable(error: unknown): void {
  if (!(error instanceof DependencyUnavailable)) throw error;
}
