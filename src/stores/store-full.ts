/** A store in this process holds as much as it may, and forgets nothing that counts for a newcomer; nothing was changed. */
export class StoreFull extends Error {
  override readonly name = 'StoreFull';

  constructor() {
    super('a store of this process is full');
  }
}
