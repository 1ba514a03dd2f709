import { z } from 'zod';
import {
  accessToken,
  email,
  id,
  opaqueToken,
  presentedPassword,
  refreshToken,
  seconds,
  username,
} from '../http/schemas';

/** How a password is given to the service for the first time; the policy decides whether it will do. */
const newPassword = presentedPassword;

export const registration = z
  .strictObject({ email, username, password: newPassword })
  .meta({ id: 'Registration' });

export const credentials = z.strictObject({ email, password: presentedPassword }).meta({ id: 'Credentials' });

export const refreshRequest = z.strictObject({ refreshToken }).meta({ id: 'RefreshRequest' });

export const logoutRequest = z
  .strictObject({ refreshToken: refreshToken.optional() })
  .meta({ examples: [{}] })
  .optional();

export const reauthentication = z.strictObject({ password: presentedPassword });

export const passwordReset = z.strictObject({ resetToken: opaqueToken, newPassword }).meta({
  id: 'PasswordReset',
  examples: [{ resetToken: 'UNhY4JhezH9gQYqvDMWrWH9CwlcKiECVqejMrND2VFw', newPassword: 'copper-harbour-93' }],
});

export const guestGrant = z
  .object({
    accessToken,
    tokenType: z.literal('Bearer'),
    expiresIn: seconds(900),
    user: z.object({ id, role: z.literal('GUEST') }),
  })
  .meta({ id: 'GuestToken' });

export const checkQuery = z.strictObject({ role: z.enum(['GUEST', 'USER', 'ADMIN']).optional() });
