import type { Answer, Call } from '../http/endpoint';
import { Problem } from '../http/problem';
import { tokenResponseBody } from '../http/representations';
import type { Services } from '../services';
import type { Account, CodeMail } from '../stores/account/account-store';
import type { PublicOtpPurpose } from '../stores/otp/otp-store';
import { CODE_MAIL_TTL } from '../stores/outbox/outbox-store';
import type { otpPresentation, otpRequest, otpRequested, otpVerified } from './otp.schemas';

const MAILS: Readonly<Record<PublicOtpPurpose, CodeMail>> = {
  verify_email: 'VERIFY_EMAIL',
  login: 'LOGIN_CODE',
  reset_password: 'RESET_CODE',
};

/** Answers the same for known and unknown addresses: who gets a mail, and how many, is decided when it is sent. */
export async function requestOtp(
  { accounts, outbox }: Pick<Services, 'accounts' | 'outbox'>,
  { body: { email, purpose } }: Call<typeof otpRequest>,
): Promise<Answer<typeof otpRequested>> {
  await accounts.requestCode(email, MAILS[purpose]);
  outbox.wake();
  return {
    body: {
      message:
        'If the address has an account for which this can be done, a mail with a code is on its way to it.',
      expiresIn: CODE_MAIL_TTL / 1000,
    },
  };
}

/** Presents a code, or the token of the same mail. Whatever is wrong is `invalid_otp`, all alike. */
export async function verifyOtp(
  services: Pick<Services, 'accounts' | 'oneTimeCodes' | 'resetTokens' | 'sessions' | 'metrics' | 'audit'>,
  { body, address, userAgent, origin }: Call<typeof otpPresentation>,
): Promise<Answer<typeof otpVerified>> {
  const { accounts, oneTimeCodes, resetTokens, sessions, metrics, audit } = services;
  const { email, purpose, otp } = body;
  const found = await accounts.findByEmail(email);
  const account = found !== undefined && mayUse(found, purpose) ? found : undefined;
  const refuse = async (reason: string): Promise<never> => {
    await audit.loginFailed(origin, account?.id, { method: 'otp', purpose, reason });
    throw new Problem('invalid_otp');
  };
  const outcome = await oneTimeCodes.present({
    account: account?.id ?? oneTimeCodes.pseudoAccount(email),
    email,
    purpose,
    credentialVersion: account?.credentialVersion ?? 0,
    otp,
  });
  if (account === undefined || outcome !== 'accepted') {
    return refuse(outcome);
  }
  switch (purpose) {
    case 'verify_email': {
      const verified = await accounts.verifyEmail(account.id, account.credentialVersion, origin);
      if (verified === 'superseded') return refuse('superseded');
      metrics.auth.countStage('verified');
      return { body: { verified: true } };
    }
    case 'login': {
      const grant = await sessions.begin(account, { address, userAgent }, 'otp', origin);
      if (grant === undefined) return refuse('stale');
      return { body: tokenResponseBody(grant) };
    }
    case 'reset_password': {
      const { id: userId, credentialVersion } = account;
      const act = {
        type: 'authn_token_created',
        subjectId: userId,
        details: { what: 'reset token' },
      } as const;
      // The token lies in no transaction: told before, and again when it is there.
      await audit.record(origin, { ...act, outcome: 'attempted' });
      const issued = await resetTokens.issue({ userId, credentialVersion });
      await audit.record(origin, act);
      return { body: issued };
    }
  }
}

/** Which accounts a code can do something for; any other is treated as unknown. */
function mayUse({ emailVerified, role, disabled }: Account, purpose: PublicOtpPurpose): boolean {
  switch (purpose) {
    case 'verify_email':
      return !emailVerified;
    case 'login':
      // An admin's session is worth more than the admin's mailbox.
      return emailVerified && !disabled && role !== 'ADMIN';
    case 'reset_password':
      return emailVerified;
  }
}
