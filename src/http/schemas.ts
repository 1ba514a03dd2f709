import { z } from 'zod';

/** Members that every feature's schemas are made of. */

/** Any text: well-formed Unicode. */
export const text = () => z.string().refine((value) => value.isWellFormed(), 'must be well-formed Unicode');

/**
 * Text that is kept and shown: no control characters, which PostgreSQL (NUL) or a terminal would stumble over. Spelled out,
 * for Swagger UI reads patterns without the `u` flag, and `\P{Cc}` would then let nothing through.
 */
export const storedText = () =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is kept out
  text().regex(/^[^\u0000-\u001f\u007f-\u009f]*$/u, 'must not have control characters');

/** How many of a list's entries to answer with. */
export const pageLimit = z
  .string()
  .regex(/^[1-9]\d{0,2}$/, 'must be a whole number')
  .meta({ description: '1 to 100', examples: ['50'] })
  .transform(Number)
  .pipe(z.int().max(100))
  .prefault('50');

/** A local part and labels of letters, digits and hyphens (international domains in `xn--` form); nothing quoted. */
const EMAIL =
  /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** One plain ASCII address, turned into its canonical form: lower case, nothing else folded. */
export const email = z
  .string()
  .max(254, 'must be an e-mail address of at most 254 characters')
  .regex(EMAIL, 'must be one plain e-mail address in ASCII, such as ada@example.com')
  .meta({ format: 'email', examples: ['ada@example.com'] })
  .transform((value) => value.toLowerCase());

/** A name to show; no identity. Counted in code points. */
export const username = z
  .string()
  .normalize('NFC')
  .regex(/^[\p{L}\p{N} _.-]{3,32}$/u, 'must have 3 to 32 letters, digits, spaces or _ . -')
  .meta({ examples: ['Ada Lovelace'] });

/** A password to compare with: whatever was once accepted, so only what no password can be is refused. */
export const presentedPassword = text()
  .min(1, 'must not be empty')
  .max(1024, 'is longer than any password')
  .meta({ examples: ['violet-lantern-47'] });

/** A token as the service gives them out; its form is checked where it is looked up. */
export const opaqueToken = z
  .string()
  .min(1, 'must not be empty')
  .max(512, 'is longer than any token')
  .refine((value) => value.isWellFormed(), 'must be well-formed Unicode');

/** Tokens in the forms that they have, and good for nothing. */
const refreshTokenShown = {
  examples: ['tgr_AZgbXnw6fVKaVQ1vL29qEgAAAAFQ2FjgmF7Mf2BBiq8MxatYf0LCVwqIQJWp6Mys0PZUXA'],
};
export const refreshToken = opaqueToken.meta(refreshTokenShown);
export const accessToken = z.string().meta({
  description: 'RFC 9068; good for `expiresIn` seconds',
  examples: ['eyJhbGciOiJIUzI1NiIsImtpZCI6ImsiLCJ0eXAiOiJhdCtqd3QifQ.eyJzdWIiOiIwMTk4MWI1ZSJ9.c2lnbmF0dXJl'],
});

/** One spelling each: lower case. */
export const id = z
  .uuid()
  .regex(/^[^A-Z]*$/, 'must be in lower case')
  .meta({ examples: ['01981b5e-7c3a-7d52-9a55-0d6f2f6f6a11'] });

export const timestamp = z.iso.datetime().meta({ examples: ['2026-01-31T09:30:00.000Z'] });

/** As `X-Request-Id` was answered. */
export const requestId = z.string().meta({ examples: ['1f0a7c3e-5b0d-4d52-9a55-0d6f2f6f6a11'] });

/** Where a client came from, as limits see it; and how it named itself. */
export const clientAddress = z.string().meta({ examples: ['192.0.2.7'] });
export const userAgent = z.string().meta({ examples: ['Mozilla/5.0 (X11; Linux x86_64; rv:145.0)'] });

/** Whole seconds from the answer on. */
export const seconds = (example: number) => z.int().meta({ description: 'Seconds', examples: [example] });

export const user = z
  .object({
    id,
    email: z.string().meta({ examples: ['ada@example.com'] }),
    username: z.string().meta({ examples: ['Ada Lovelace'] }),
    role: z.enum(['USER', 'ADMIN']),
    emailVerified: z.boolean(),
    createdAt: timestamp,
  })
  .meta({ id: 'User' });

export const message = z.object({ message: z.string().meta({ examples: ['A mail is on its way.'] }) });

export const tokenResponse = z
  .object({
    accessToken,
    tokenType: z.literal('Bearer'),
    expiresIn: seconds(900),
    refreshToken: z.string().meta(refreshTokenShown),
    refreshExpiresIn: seconds(604_800),
    user,
  })
  .meta({ id: 'TokenResponse' });

/** The same where a cookie keeps the refresh token. */
export const cookieTokenResponse = tokenResponse
  .omit({ refreshToken: true })
  .meta({ id: 'CookieTokenResponse' });
