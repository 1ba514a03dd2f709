import type { Request, Response } from 'express';

/** Of a cookie that is there and can hold no token. */
const NO_TOKEN = '';

/**
 * The cookie that keeps a browser's refresh token (RFC 6265bis): no script reads it, and no page of another site makes a
 * browser send it.
 */
export class RefreshCookie {
  readonly #name: string;
  readonly #attributes: string;

  constructor(baseUrl: string) {
    const secure = baseUrl.startsWith('https:');
    // By this prefix a browser takes it from this very host alone, so that no sibling plants a session of its own. It asks
    // for Secure, which http cannot have.
    this.#name = secure ? '__Host-refresh' : 'refresh';
    this.#attributes = `Path=/; HttpOnly; ${secure ? 'Secure; ' : ''}SameSite=Strict`;
  }

  /**
   * The token that came; undefined where no cookie did. Of two by this name nobody knows which is meant, so that neither
   * is. Names are compared byte for byte and values not decoded: what a browser takes for another cookie is another one.
   */
  read({ headers }: Pick<Request, 'headers'>): string | undefined {
    const start = `${this.#name}=`;
    const found = (headers.cookie ?? '')
      .split(';')
      .map((pair) => (pair.startsWith(' ') ? pair.slice(1) : pair))
      .filter((pair) => pair.startsWith(start));
    return found.length > 1 ? NO_TOKEN : found[0]?.slice(start.length);
  }

  /** Has the browser keep a token for so many seconds. The token is one of ours: base64url, and nothing to escape. */
  keep(response: Response, token: string, seconds: number): void {
    response.append('Set-Cookie', `${this.#name}=${token}; Max-Age=${seconds}; ${this.#attributes}`);
  }

  clear(response: Response): void {
    this.keep(response, NO_TOKEN, 0);
  }
}
