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
