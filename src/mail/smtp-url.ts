/** How to reach a mail server. */
export interface SmtpEndpoint {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (`smtps://`); otherwise STARTTLS wherever the server offers it. */
  readonly secure: boolean;
  /** Without STARTTLS nothing is sent. */
  readonly requireTLS: boolean;
  readonly auth?: { readonly user: string; readonly pass: string };
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

/**
 * Reads `smtp://[user:password@]host[:port][?requireTLS=true]` or `smtps://…`. Credentials are never sent in the
 * clear, except to this very machine. Throws an Error that does not repeat the URL.
 */
export function parseSmtpUrl(value: string): SmtpEndpoint {
  if (!URL.canParse(value)) throw new Error('an SMTP URL is smtp://host:port or smtps://host:port');
  const url = new URL(value);
  const secure = url.protocol === 'smtps:';
  if (!secure && url.protocol !== 'smtp:') throw new Error('an SMTP URL starts with smtp:// or smtps://');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (host === '') throw new Error('an SMTP URL names a host');
  const unknown = [...url.searchParams.keys()].find((name) => name !== 'requireTLS');
  if (unknown !== undefined) throw new Error('the only parameter of an SMTP URL is requireTLS');
  const hasCredentials = url.username !== '' || url.password !== '';
  return {
    host,
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    requireTLS:
      !secure && (url.searchParams.get('requireTLS') === 'true' || (hasCredentials && !LOOPBACK.test(host))),
    ...(hasCredentials && { auth: { user: decoded(url.username), pass: decoded(url.password) } }),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Error('user and password in an SMTP URL are percent-encoded');
  }
}
