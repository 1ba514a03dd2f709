import SMTPConnection from 'nodemailer/lib/smtp-connection';

import { MailNotSent } from './mailer';
import { notSent } from './not-sent';
import type { SmtpEndpoint } from './smtp-url';

/**
 * Goes as far with a server as a mail would: greeting, TLS where it is to be, login where there are credentials; then
 * leaves. Throws `MailNotSent` within `timeoutMs`.
 */
export async function enterSmtp(
  endpoint: SmtpEndpoint,
  timeoutMs: number,
): Promise<{ readonly encrypted: boolean }> {
  const connection = new SMTPConnection({
    ...endpoint,
    socketTimeout: timeoutMs,
    socketCloseTimeout: 0,
    maxResponseSize: 64 * 1024,
  });
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new MailNotSent('ETIMEDOUT', false)), timeoutMs);
  });
  try {
    await Promise.race([admission(connection, endpoint.auth), tooLate]);
    connection.quit();
    return { encrypted: connection.secure };
  } catch (error) {
    connection.close();
    throw notSent(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves once the server has greeted us and, where it asks for that, let us in. */
function admission(connection: SMTPConnection, auth: SmtpEndpoint['auth']): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error | null) => (error ? reject(error) : resolve());
    // Stays: an error without a listener would end the process.
    connection.on('error', reject);
    connection.once('end', () => reject(new MailNotSent('ECONNECTION', false)));
    connection.connect((error) => {
      if (error || auth === undefined || !connection.allowsAuth) settle(error);
      else connection.login(auth, settle);
    });
  });
}
