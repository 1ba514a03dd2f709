import { whyUnusable } from '../stores/postgres/unavailable';

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its name cannot be looked up',
  ETIMEDOUT: 'no answer in time',
  ECONNRESET: 'it hangs up',
  EHOSTUNREACH: 'there is no way there',
  WRONGPASS: 'it refuses the user or the password',
  NOAUTH: 'it asks for a password',
  NOPERM: 'its access list does not let us ask',
};

/** Why something could not be looked at, by codes alone: what a server or library wrote is not repeated. */
export function reasonOf(error: unknown): string {
  const postgres = whyUnusable(error);
  for (let depth = 0, cause = error; depth < 5 && cause instanceof Error; depth++, cause = cause.cause) {
    const { code, reason, message } = cause as { code?: unknown; reason?: unknown; message: string };
    // A Redis server puts its code first in what it says.
    for (const candidate of [code, reason, /^[A-Z]{4,20}(?= )/.exec(message)?.[0]]) {
      if (typeof candidate !== 'string' || !/^[A-Z0-9_]{3,40}(?: \d{3})?$/.test(candidate)) continue;
      return WORDS[candidate] ?? postgres ?? candidate;
    }
  }
  return postgres ?? 'it failed without saying why';
}
