import { z } from 'zod';
import { email, opaqueToken, presentedPassword } from '../http/schemas';

export const emailChange = z.strictObject({ newEmail: email, password: presentedPassword }).meta({
  id: 'EmailChange',
  examples: [{ newEmail: 'ada.lovelace@example.com', password: 'violet-lantern-47' }],
});

export const emailConfirmation = z
  .strictObject({ otp: opaqueToken.meta({ examples: ['042137'] }) })
  .meta({ id: 'EmailConfirmation' });
