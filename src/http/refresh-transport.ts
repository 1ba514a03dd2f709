import type { Request, Response } from 'express';
import { type RefreshTokenUse, takesRefreshToken } from './endpoint';
import { Problem, type ProblemName } from './problem';
import { RefreshCookie } from './refresh-cookie';
import { tokenResponse } from './schemas';

export interface RefreshTransportOptions {
  readonly baseUrl: string;
  readonly corsOrigins: readonly string[];
}

/** How refresh tokens travel: in bodies, or where a browser asks for it in a cookie. */
export class RefreshTransport {
  readonly #cookie: RefreshCookie;
  readonly #origins: ReadonlySet<string>;

  constructor({ baseUrl, corsOrigins }: RefreshTransportOptions) {
    this.#cookie = new RefreshCookie(baseUrl);
    this.#origins = new Set([new URL(baseUrl).origin, ...corsOrigins]);
  }

  /**
   * The cookie's part in this request; undefined where the refresh token travels in bodies, and no cookie is looked at.
   * Throws `Problem` `cross_site` for what no page of ours has sent.
   */
  byCookie(
    use: RefreshTokenUse | undefined,
    request: Request,
    response: Response,
  ): CookieTransport | undefined {
    if (use === undefined || request.query['transport'] !== 'cookie') return undefined;
    if (!this.#isOwnPage(request)) throw new Problem('cross_site');
    return new CookieTransport(use, this.#cookie, request, response);
  }

  /** No script can write these two headers. A sibling host is the same site, not the same origin: it has to be listed. */
  #isOwnPage({ headers }: Request): boolean {
    return (
      headers['sec-fetch-site'] === 'same-origin' ||
      (headers.origin !== undefined && this.#origins.has(headers.origin))
    );
  }
}

/** Problems after which the cookie is worth nothing. After any other it may be: a 503 costs nobody the session. */
const CLEARING: readonly ProblemName[] = ['invalid_refresh_token', 'refresh_token_reused'];

/** One request whose refresh token travels in the cookie: `refreshToken` is moved between cookie and bodies. */
export class CookieTransport {
  readonly #use: RefreshTokenUse;
  readonly #cookie: RefreshCookie;
  readonly #request: Request;
  readonly #response: Response;

  constructor(use: RefreshTokenUse, cookie: RefreshCookie, request: Request, response: Response) {
    this.#use = use;
    this.#cookie = cookie;
    this.#request = request;
    this.#response = response;
  }

  /** Whether the cookie stands in for the whole body. */
  get takesToken(): boolean {
    return takesRefreshToken(this.#use);
  }

  /** The body that the cookie stands for. A rotation without a cookie is one of a token that is not valid. */
  body(): { readonly refreshToken: string } | undefined {
    const refreshToken = this.#cookie.read(this.#request) ?? (this.#use === 'rotate' ? '' : undefined);
    return refreshToken === undefined ? undefined : { refreshToken };
  }

  /** The body to answer with: a refresh token in it goes into the cookie. One that was revoked goes out of it. */
  answered(body: unknown): unknown {
    if (this.#use === 'revoke') this.#cookie.clear(this.#response);
    const grant = tokenResponse.safeParse(body);
    if (!grant.success) return body;
    const { refreshToken, ...shown } = grant.data;
    this.#cookie.keep(this.#response, refreshToken, shown.refreshExpiresIn);
    return shown;
  }

  refused(problem: ProblemName): void {
    if (CLEARING.includes(problem)) this.#cookie.clear(this.#response);
  }
}
