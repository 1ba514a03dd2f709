/** Printable ASCII without whatever could make a list, a name, a comment or a second header of it. */
const PLAIN_ADDRESS = /^[^\s@",:;<>()[\]\\]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/;
const PRINTABLE_ASCII = /^[!-~]{1,254}$/;
export const LINE_BREAK = /[\r\n\0]/;

/** One ASCII address that could be no list, name, comment or second header. */
export function isPlainAddress(address: string): boolean {
  return PRINTABLE_ASCII.test(address) && PLAIN_ADDRESS.test(address);
}

/** Who mails are from. */
export interface Sender {
  readonly name: string;
  readonly address: string;
}

/** Reads `address` or `Name <address>`. Throws an `Error` that does not repeat it. */
export function parseSender(from: string): Sender {
  const named = /^\s*"?([^"<>\r\n]*?)"?\s*<([^<>]*)>\s*$/.exec(from);
  const sender = { name: named?.[1] ?? '', address: (named?.[2] ?? from).trim() };
  if (LINE_BREAK.test(from) || !isPlainAddress(sender.address)) {
    throw new Error('a sender is one address, or a name with the address in angle brackets');
  }
  return sender;
}
