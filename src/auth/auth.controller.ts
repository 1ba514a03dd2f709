import type { Answer, Call } from '../http/endpoint';
import { Problem, refuseMember } from '../http/problem';
import { tokenResponseBody } from '../http/representations';
import type { message, tokenResponse } from '../http/schemas';
import { UNKNOWN_ADDRESS } from '../limits/client-address';
import { HashingOverloaded } from '../passwords/hashing-queue';
import type { Services } from '../services';
import type { Account } from '../stores/account/account-store';
import { DependencyUnavailable } from '../stores/dependency-unavailable';
import type { credentials, passwordReset, registration } from './auth.schemas';

const REGISTERED = 'If the address can be registered, a mail with a code is on its way to it.';

/** Answers the same, after the same work, whether the address is new, pending or somebody's already. */
export async function register(
  services: Pick<Services, 'accounts' | 'passwordHasher' | 'passwordPolicy' | 'outbox' | 'metrics'>,
  { body, origin }: Call<typeof registration>,
): Promise<Answer<typeof message>> {
  const { accounts, passwordHasher, passwordPolicy, outbox, metrics } = services;
  const { email, username, password } = body;
  refuseMember('password', passwordPolicy.check(password, { email, username }));
  const passwordHash = await passwordHasher.hash(password);
  const registered = await accounts.register({ email, username, passwordHash }, origin);
  if (registered === 'pending') metrics.auth.countStage('registered');
  outbox.wake();
  return { body: { message: REGISTERED } };
}

/** Whether this account has completed a login from this address before. What all share that cannot be read is nobody's own. */
export async function comesFromKnownAddress(
  { accounts }: Pick<Services, 'accounts'>,
  { body, address }: Pick<Call<typeof credentials>, 'body' | 'address'>,
): Promise<boolean> {
  return address !== UNKNOWN_ADDRESS && accounts.knowsAddress(body.email, address);
}

/** Logs in by password (RFC 6749's grant in spirit): the same work and the same answer for unknown and wrong. */
export async function login(
  services: Pick<Services, 'accounts' | 'credentials' | 'passwordHasher' | 'sessions' | 'audit'>,
  { body, address, userAgent, origin, guessFailed }: Call<typeof credentials>,
): Promise<Answer<typeof tokenResponse>> {
  const { accounts, passwordHasher, sessions, audit } = services;
  const { email, password } = body;
  const account = await accounts.findByEmail(email);
  const fail = (reason: 'invalid_credentials' | 'email_not_verified' | 'account_disabled') =>
    audit.loginFailed(origin, account?.id, { method: 'password', reason }).then(() => {
      throw new Problem(reason);
    });
  const matches = await passwordHasher.verify(password, account?.passwordHash ?? null);
  if (account === undefined || !matches) {
    guessFailed();
    return fail('invalid_credentials');
  }
  if (!account.emailVerified) return fail('email_not_verified');
  if (account.disabled) return fail('account_disabled');
  const grant = await sessions.begin(account, { address, userAgent }, 'password', origin);
  if (grant === undefined) return fail('invalid_credentials');
  await renewHash(services, account, password);
  return { body: tokenResponseBody(grant) };
}

/** Sets a new password by a reset token, and ends every session. Does not log in. */
export async function resetPassword(
  services: Pick<
    Services,
    'accounts' | 'credentials' | 'passwordHasher' | 'passwordPolicy' | 'resetTokens' | 'sessions' | 'outbox'
  >,
  { body, origin }: Call<typeof passwordReset>,
): Promise<Answer<undefined>> {
  const { accounts, credentials, passwordHasher, passwordPolicy, resetTokens, sessions, outbox } = services;
  // Consumed first: however many try one token at once, one of them costs a hash and a look at the password.
  const consumed = await resetTokens.consume(body.resetToken);
  if (consumed === undefined) throw new Problem('invalid_reset_token');
  const { userId, credentialVersion } = consumed.grant;
  try {
    const account = await accounts.find(userId);
    if (account?.credentialVersion !== credentialVersion) throw new Problem('invalid_reset_token');
    refuseMember('newPassword', passwordPolicy.check(body.newPassword, account));
    const passwordHash = await passwordHasher.hash(body.newPassword);
    await sessions.endingAll(userId, async () => {
      const reset = await credentials.resetPassword(userId, credentialVersion, passwordHash, origin);
      if (reset.outcome === 'stale') throw new Problem('invalid_reset_token');
      return reset;
    });
  } catch (error) {
    // Nothing was changed: the token is good again. If something was, the credential version has voided it.
    await consumed.putBack();
    throw error;
  }
  outbox.wake();
  return { body: undefined };
}

/** Hashes anew under today's cost and pepper. What hinders it puts it off to the next login: this one is done. */
async function renewHash(
  { credentials, passwordHasher }: Pick<Services, 'credentials' | 'passwordHasher'>,
  { id, passwordHash }: Account,
  password: string,
): Promise<void> {
  if (passwordHash === null || !passwordHasher.needsRehash(passwordHash)) return;
  try {
    await credentials.renewPasswordHash(id, passwordHash, await passwordHasher.hash(password));
  } catch (error) {
    if (!(error instanceof HashingOverloaded || error instanceof DependencyUnavailable)) throw error;
  }
}
