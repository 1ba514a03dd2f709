import { z } from 'zod';
import { email, opaqueToken, presentedPassword, username } from '../http/schemas';

/** How a password is given to the service for the first time; the policy decides whether it will do. */
const newPassword = presentedPassword;

export const registration = z
  .strictObject({ email, username, password: newPassword })
  .meta({ id: 'Registration' });

export const credentials = z.strictObject({ email, password: presentedPassword }).meta({ id: 'Credentials' });

export const refreshRequest = z.strictObject({ refreshToken: opaqueToken }).meta({ id: 'RefreshRequest' });

export const logoutRequest = z.strictObject({ refreshToken: opaqueToken.optional() }).optional();

export const reauthentication = z.strictObject({ password: presentedPassword });

export const passwordReset = z
  .strictObject({ resetToken: opaqueToken, newPassword })
  .meta({ id: 'PasswordReset' });

export const guestGrant = z
  .object({
    accessToken: z.string(),
    tokenType: z.literal('Bearer'),
    expiresIn: z.int(),
    user: z.object({ id: z.uuid(), role: z.literal('GUEST') }),
  })
  .meta({ id: 'GuestToken' });

export const checkQuery = z.strictObject({ role: z.enum(['GUEST', 'USER', 'ADMIN']).optional() });
