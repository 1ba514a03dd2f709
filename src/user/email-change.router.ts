import { type AnyEndpoint, endpoint } from '../http/endpoint';
import { byAddress, byNewEmailAndAddress, byOwnEmailAndAddress, byUser } from '../http/limit-keys';
import { message, user } from '../http/schemas';
import type { Services } from '../services';
import { isDigits } from '../tokens/one-time-codes';
import { confirmEmailChange, requestEmailChange } from './email-change.controller';
import { emailChange, emailConfirmation } from './email-change.schemas';

/** `/api/v1/users/me/email` */
export const emailChangeEndpoints: readonly AnyEndpoint<Services>[] = [
  endpoint({
    method: 'post',
    path: '/users/me/email',
    name: 'requestEmailChange',
    summary: 'Ask for another e-mail address',
    description:
      'A code goes to the new address, and a notice with a link that undoes the change to the old one. The answer is the same whoever the new address belongs to.',
    access: 'account:write',
    body: emailChange,
    limits: [
      { policy: 'reauth', key: byUser, keptFor: ['wrong_password'] },
      { policy: 'otp-request', key: byNewEmailAndAddress },
      { policy: 'otp-request-address', key: byAddress },
      { policy: 'mail' },
    ],
    status: 202,
    response: message,
    errors: ['wrong_password'],
    handler: requestEmailChange,
    settled: ({ metrics }: Services, { problem }) => {
      if (problem === null) metrics.auth.countOtpRequest('change_email');
    },
  }),
  endpoint({
    method: 'post',
    path: '/users/me/email/confirm',
    name: 'confirmEmailChange',
    summary: 'Take the new e-mail address',
    description:
      '`otp` is the six digits of the mail to the new address, or its `otp-token`. This session goes on, the others end.',
    access: 'account:write',
    body: emailConfirmation,
    limits: [{ policy: 'otp-verify', key: byOwnEmailAndAddress }],
    status: 200,
    response: user,
    errors: ['invalid_otp'],
    handler: confirmEmailChange,
    settled: ({ metrics }: Services, { problem, body: { otp } }) =>
      metrics.auth.countOtpAttempt('change_email', isDigits(otp) ? 'digits' : 'token', problem),
  }),
];
