import { whyUnusable } from '../stores/postgres/unavailable';

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its name cannot be looked up',
  ETIMEDOUT: 'no answer in time',
  ECONNRESET: 'it hangs up',
  EHOSTUNREACH: 'there is no way there',
  ECONNECTION: 'it hangs up',
  ESOCKET: 'no connection: nothing listens there, or its certificate is not trusted',
  ETLS: 'no TLS, or its certificate is not trusted',
  EAUTH: 'it refuses the user or the password',
  WRONGPASS: 'it refuses the user or the password',
  NOAUTH: 'it asks for a password',
  NOPERM: 'its access list does not let us ask',
};

/** Codes of the system's, of Node's, of its TLS and of nodemailer's: none that a server could make up to say more. */
const LOCAL =
  /^(?:E[A-Z]{2,20}(?: \d{3})?|ERR_[A-Z_]{2,40}|UNABLE_[A-Z_]{2,40}|[A-Z_]{0,30}CERT[A-Z_]{0,30})$/;

/** Why something could not be looked at, by codes alone: what a server or library wrote is not repeated. */
export function reasonOf(error: unknown): string {
  for (let depth = 0, cause = error; depth < 5 && cause instanceof Error; depth++, cause = cause.cause) {
    const { code, reason, message } = cause as { code?: unknown; reason?: unknown; message: string };
    // A Redis server puts its code first in what it says.
    for (const candidate of [code, reason, message]) {
      const text = typeof candidate === 'string' ? candidate : '';
      const known = WORDS[text.split(' ', 1)[0] ?? ''];
      if (known !== undefined) return known;
      if (candidate !== message && LOCAL.test(text)) return text;
    }
  }
  return whyUnusable(error) ?? 'it failed without saying why';
}
