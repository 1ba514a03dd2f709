import { type AnyEndpoint, endpoint } from '../http/endpoint';
import { byAddress, byEmailAndAddress } from '../http/limit-keys';
import type { Services } from '../services';
import { isDigits } from '../tokens/one-time-codes';
import { requestOtp, verifyOtp } from './otp.controller';
import { otpPresentation, otpRequest, otpRequested, otpVerified } from './otp.schemas';

/** `/api/v1/otp` */
export const otpEndpoints: readonly AnyEndpoint<Services>[] = [
  endpoint({
    method: 'post',
    path: '/otp/request',
    name: 'requestOtp',
    summary: 'Ask for a code by mail',
    description: 'The answer is the same for known and unknown addresses.',
    access: 'public',
    body: otpRequest,
    limits: [
      { policy: 'otp-request', key: byEmailAndAddress },
      { policy: 'otp-request-address', key: byAddress },
      { policy: 'mail' },
    ],
    status: 202,
    response: otpRequested,
    errors: [],
    handler: requestOtp,
    settled: ({ metrics }: Services, { problem, body }) => {
      if (problem === null) metrics.auth.countOtpRequest(body.purpose);
    },
  }),
  endpoint({
    method: 'post',
    path: '/otp/verify',
    name: 'verifyOtp',
    summary: 'Present a code',
    description:
      '`otp` is the six digits of a mail, or its `otp-token`. Answers `{verified}`, a `TokenResponse` or `{resetToken}` by purpose.',
    access: 'public',
    refreshToken: 'issue',
    body: otpPresentation,
    limits: [{ policy: 'otp-verify', key: byEmailAndAddress }],
    status: 200,
    response: otpVerified,
    errors: ['invalid_otp'],
    handler: verifyOtp,
    settled: ({ metrics }: Services, { problem, body: { purpose, otp } }) => {
      metrics.auth.countOtpAttempt(purpose, isDigits(otp) ? 'digits' : 'token', problem);
      if (purpose === 'login') metrics.auth.countAttempt({ action: 'login', method: 'otp' }, problem);
    },
  }),
];
