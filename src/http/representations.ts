import type { output } from 'zod';
import type { SessionUser } from '../stores/session/session-store';
import type { Grant } from '../tokens/session-grants';
import type { tokenResponse, user } from './schemas';

/** Times as ISO 8601 in UTC. */
export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

export function userBody(shown: Omit<SessionUser, 'version'>): output<typeof user> {
  const { id, email, username, role, emailVerified, createdAt } = shown;
  return { id, email, username, role, emailVerified, createdAt: isoTime(createdAt) };
}

export function tokenResponseBody({ user: shown, ...tokens }: Grant): output<typeof tokenResponse> {
  return { ...tokens, tokenType: 'Bearer', user: userBody(shown) };
}
