/** An embedded part cannot start; the message says what its user can do, and needs no stack. */
export class CannotStart extends Error {
  override readonly name = 'CannotStart';
}
