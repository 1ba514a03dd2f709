import { z } from 'zod';
import { email, message, opaqueToken, seconds, tokenResponse } from '../http/schemas';
import { PUBLIC_OTP_PURPOSES } from '../stores/otp/otp-store';

const purpose = z.enum(PUBLIC_OTP_PURPOSES);

export const otpRequest = z
  .strictObject({ email, purpose })
  .meta({ id: 'OtpRequest', examples: [{ email: 'ada@example.com', purpose: 'login' }] });

export const otpRequested = message.extend({ expiresIn: seconds(600) });

export const otpPresentation = z
  .strictObject({ email, purpose, otp: opaqueToken.meta({ examples: ['042137'] }) })
  .meta({ id: 'OtpPresentation' });

export const otpVerified = z.union([
  z.strictObject({ verified: z.literal(true) }),
  z.strictObject({
    resetToken: z.string().meta({ examples: ['UNhY4JhezH9gQYqvDMWrWH9CwlcKiECVqejMrND2VFw'] }),
    expiresIn: seconds(600),
  }),
  tokenResponse,
]);
