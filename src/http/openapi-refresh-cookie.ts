import { type ZodType, z } from 'zod';
import { type AnyEndpoint, takesRefreshToken } from './endpoint';
import { cookieTokenResponse } from './schemas';

/** How the document describes what `?transport=cookie` changes. */

type Of<Member extends keyof AnyEndpoint<never>> = Pick<AnyEndpoint<never>, 'refreshToken' | Member>;

export const REFRESH_COOKIE_SCHEME = {
  refreshCookie: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-refresh',
    description:
      'The refresh token, taken with `transport=cookie` alone. A 401 that says it is not valid or was reused clears it. With an http `BASE_URL` it is named `refresh`.',
  },
};

/** The ways in, of which one will do; an empty one stands for none. */
export function securityOf({ access, refreshToken }: Of<'access'>): Record<string, string[]>[] {
  const ways = [
    ...(access === 'public' ? [] : [{ bearer: [] }]),
    ...(takesRefreshToken(refreshToken) ? [{ refreshCookie: [] }] : []),
  ];
  const needless = access === 'public' || access === 'optional';
  return needless && ways.length > 0 ? [{}, ...ways] : ways;
}

export function requestBodyOptions({ body, refreshToken }: Of<'body'>): object {
  return takesRefreshToken(refreshToken)
    ? {
        required: false,
        description: 'With `transport=cookie` none: the cookie stands in for `refreshToken`',
      }
    : { required: !body.safeParse(undefined).success };
}

/** Headers of an answer that keeps the token in the cookie, or clears it. */
export function cookieHeaders({ refreshToken }: Of<never>): Readonly<Record<string, string>> {
  if (refreshToken === undefined) return {};
  const what = refreshToken === 'revoke' ? 'clears the cookie' : 'the cookie that keeps the refresh token';
  return { 'Set-Cookie': `With \`transport=cookie\`: ${what}` };
}

/** What it can answer, the refresh token in the body or in the cookie. */
export function answersOf({ response, refreshToken }: Of<'response'>): ZodType | undefined {
  if (response === undefined || refreshToken === undefined) return response;
  return z.union([...(response instanceof z.ZodUnion ? response.options : [response]), cookieTokenResponse]);
}
