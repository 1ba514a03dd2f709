/** The process cannot start, and whoever runs it can mend that: the message says how, and needs no stack. */
export class CannotStart extends Error {
  override readonly name: string = 'CannotStart';
}
