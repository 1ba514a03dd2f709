import type { NodemailerError } from 'nodemailer';

import { MailNotSent } from './mailer';

/** What went wrong, without any text that a server or library wrote. */
export function notSent(error: unknown): MailNotSent {
  if (error instanceof MailNotSent) return error;
  const { code, responseCode, command, permanent } = error as NodemailerError;
  const reason = [code ?? 'EUNKNOWN', responseCode].filter((part) => part !== undefined).join(' ');
  // A refused login or sender is our fault and may be mended; a refused recipient or message stays refused.
  return new MailNotSent(reason, permanent === true && (command === 'RCPT TO' || command === 'DATA'));
}
