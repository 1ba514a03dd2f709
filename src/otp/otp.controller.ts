import type { Answer, Call } from '../http/endpoint';
import { Problem } from '../http/problem';
import { tokenResponseBody } from '../http/representations';
import type { Services } from '../services';
import type { Account, CodeMail } from '../stores/account/account-store';
import type { OtpPurpose } from '../stores/otp/otp-store';
import { CODE_MAIL_TTL } from '../stores/outbox/outbox-store';
import type { otpPresentation, otpRequest, otpRequested, otpVerified } from './otp.schemas';

const MAILS: Readonly<Record<OtpPurpose, CodeMail>> = {
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
  services: Pick<
    Services,
    'accounts' | 'oneTimeCodes' | 'resetTokens' | 'sessions' | 'metrics' | 'securityEvents'
  >,
  { body, address, userAgent, requestId }: Call<typeof otpPresentation>,
): Promise<Answer<typeof otpVerified>> {
  const { accounts, oneTimeCodes, resetTokens, sessions, metrics, securityEvents } = services;
  const { email, purpose, otp } = body;
  const found = await accounts.findByEmail(email);
  const account = found !== undefined && mayUse(found, purpose) ? found : undefined;
  const event = { requestId, address, ...(account !== undefined && { userId: account.id }), method: 'otp' };
  const outcome = await oneTimeCodes.present({
    account: account?.id ?? oneTimeCodes.pseudoAccount(email),
    email,
    purpose,
    credentialVersion: account?.credentialVersion ?? 0,
    otp,
  });
  if (account === undefined || outcome !== 'accepted') {
    if (purpose === 'login') {
      securityEvents.record(outcome === 'exhausted' ? 'authn_login_fail_max' : 'authn_login_fail', event);
    }
    throw new Problem('invalid_otp');
  }
  switch (purpose) {
    case 'verify_email': {
      const verified = await accounts.verifyEmail(account.id, account.credentialVersion);
      if (verified === 'superseded') throw new Problem('invalid_otp');
      securityEvents.record('user_updated', event);
      return { body: { verified: true } };
    }
    case 'login': {
      const grant = await sessions.begin(account, { address, userAgent });
      if (grant === undefined) throw new Problem('invalid_otp');
      metrics.countAuthSuccess('otp');
      securityEvents.record('authn_login_success', event);
      return { body: tokenResponseBody(grant) };
    }
    case 'reset_password': {
      const { id: userId, credentialVersion } = account;
      return { body: await resetTokens.issue({ userId, credentialVersion }) };
    }
  }
}

/** Which accounts a code can do something for; any other is treated as unknown. */
function mayUse({ emailVerified, role, disabled }: Account, purpose: OtpPurpose): boolean {
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
