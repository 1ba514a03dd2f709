import type { Account } from '../stores/account/account-store';
import type { Origin } from '../stores/audit/audit-store';
import { accountData } from './account-name';
import type { Report } from './command';
import type { OpenedService } from './open-service';

const PATH = '/api/v1/auth/password/reset';

/** A reset token for the operator to hand to the account's owner, who sets the password with it. */
export async function handOverResetToken(
  { config, services }: OpenedService,
  account: Account,
  by: Origin,
): Promise<Report> {
  const { id: userId, credentialVersion } = account;
  const details = { what: 'reset token', via: 'command line' };
  // Told first: a token that nobody knows of is not given out.
  await services.audit.record(by, { type: 'authn_token_created', subjectId: userId, details });
  const { resetToken, expiresIn } = services.resetTokens.issueSigned({ userId, credentialVersion });
  const url = config.baseUrl + PATH;
  return {
    lines: [
      `Reset token, good once and for ${expiresIn / 60} minutes; hand it to the owner alone:`,
      resetToken,
      'The owner sets the password with it:',
      `curl -sS -X POST '${url}' -H 'Content-Type: application/json' -d '{"resetToken":"${resetToken}","newPassword":"…"}'`,
      ...(account.disabled ? ['The account is disabled: nobody can log in before it is enabled.'] : []),
    ],
    data: { account: accountData(account), resetToken, expiresIn, url },
  };
}
