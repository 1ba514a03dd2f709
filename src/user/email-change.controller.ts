import { assertPassword, type PasswordServices } from '../http/assert-password';
import type { Answer, Call } from '../http/endpoint';
import { Problem, refuseMember } from '../http/problem';
import { userBody } from '../http/representations';
import type { message, user } from '../http/schemas';
import type { Services } from '../services';
import type { emailChange, emailConfirmation } from './email-change.schemas';

const REQUESTED = 'If the address can be used, a mail with a code is on its way to it.';

/** Answers the same, after the same work, whoever the new address belongs to: what goes there is decided by the mail. */
export async function requestEmailChange(
  services: PasswordServices & Pick<Services, 'emailChanges' | 'outbox'>,
  { body, principal, origin, guessFailed }: Call<typeof emailChange, undefined, undefined, 'account:write'>,
): Promise<Answer<typeof message>> {
  const { emailChanges, outbox } = services;
  const { newEmail: toEmail, password } = body;
  const { id, email, credentialVersion } = await assertPassword(
    services,
    { principal, origin, guessFailed },
    password,
  );
  refuseMember('newEmail', toEmail === email ? 'is your address already' : undefined);
  const requested = await emailChanges.request({ userId: id, credentialVersion, toEmail }, origin);
  // Another change came first: the password that was given may not be the current one any more.
  if (requested === 'stale') throw new Problem('wrong_password');
  outbox.wake();
  return { body: { message: REQUESTED } };
}

/** Takes the new address by the code that went there. Whatever is wrong is `invalid_otp`, all alike. */
export async function confirmEmailChange(
  services: Pick<Services, 'accounts' | 'emailChanges' | 'oneTimeCodes' | 'sessions' | 'audit'>,
  { body, principal, origin }: Call<typeof emailConfirmation, undefined, undefined, 'account:write'>,
): Promise<Answer<typeof user>> {
  const { accounts, emailChanges, oneTimeCodes, sessions, audit } = services;
  const { user: holder, session } = principal;
  const [account, change] = await Promise.all([
    accounts.find(holder.id),
    emailChanges.findPending(holder.id),
  ]);
  if (account === undefined) throw new Problem('invalid_token');
  const refuse = async (reason: string): Promise<never> => {
    await audit.loginFailed(origin, holder.id, { method: 'otp', purpose: 'change_email', reason });
    throw new Problem('invalid_otp');
  };
  const presented = await oneTimeCodes.present({
    account: holder.id,
    // No code was ever drawn for the current one: without a change nothing fits.
    email: change?.toEmail ?? account.email,
    purpose: 'change_email',
    credentialVersion: account.credentialVersion,
    otp: body.otp,
  });
  if (change === undefined || presented !== 'accepted') return refuse(presented);
  // Before any session ends; who takes it in between is seen once more where it is written.
  if (await emailChanges.isTaken(change.toEmail, holder.id)) return refuse('taken');
  const confirm = async () => {
    const confirmed = await emailChanges.confirm(
      change,
      account.credentialVersion,
      session.sessionId,
      origin,
    );
    return confirmed.outcome === 'confirmed' ? confirmed : refuse(confirmed.outcome);
  };
  // The session that asks goes on, and shows the new address.
  const changed = await sessions.changingStanding(holder.id, async () => {
    const { outcome, account } = await sessions.endingAll(holder.id, confirm, session.sessionId);
    return { outcome, account };
  });
  return { body: userBody(changed.account) };
}
