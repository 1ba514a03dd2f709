import { type ZodType, z } from 'zod';
import { type AnyEndpoint, takesRefreshToken } from './endpoint';
import { cookieTokenResponse } from './schemas';

/** How the document describes what `?transport=cookie` changes. */

type Of<Member extends keyof AnyEndpoint<never>> = Pick<AnyEndpoint<never>, 'refreshToken' | Member>;

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
