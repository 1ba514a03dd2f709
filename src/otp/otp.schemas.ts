import { z } from 'zod';
import { email, opaqueToken, tokenResponse } from '../http/schemas';
import { PUBLIC_OTP_PURPOSES } from '../stores/otp/otp-store';

const purpose = z.enum(PUBLIC_OTP_PURPOSES);

export const otpRequest = z.strictObject({ email, purpose }).meta({ id: 'OtpRequest' });

export const otpRequested = z.object({ message: z.string(), expiresIn: z.int() });

export const otpPresentation = z
  .strictObject({ email, purpose, otp: opaqueToken.meta({ examples: ['042137'] }) })
  .meta({ id: 'OtpPresentation' });

export const otpVerified = z.union([
  z.strictObject({ verified: z.literal(true) }),
  z.strictObject({ resetToken: z.string(), expiresIn: z.int() }),
  tokenResponse,
]);
