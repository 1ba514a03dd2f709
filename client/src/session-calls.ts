import createFetchClient, { type Client } from 'openapi-fetch';
import { NetworkError, type Problem } from './problem.js';
import type { components, paths } from './schema.js';

type TokenResponse = components['schemas']['TokenResponse'];
/** What a login or a refresh gives; the refresh token is not in it where a cookie keeps it. */
export type Tokens = Omit<TokenResponse, 'refreshToken'> & Partial<Pick<TokenResponse, 'refreshToken'>>;
export type User = components['schemas']['User'];
export type Credentials = components['schemas']['Credentials'];

/** How a call ended, as with `GET` and its like: `error` is undefined where it did. */
export type Answer<T> =
  | { readonly data: T; readonly error?: undefined; readonly response: Response }
  | { readonly data?: undefined; readonly error: Problem; readonly response: Response };

/** Milliseconds for an answer: a refresh that hangs would hold up every call. */
const ANSWER_MS = 20_000;

/** The calls that make, renew and end a session, with the refresh token in bodies or in the cookie. */
export class SessionCalls {
  readonly byCookie: boolean;
  readonly #client: Client<paths>;

  /** `send` throws `NetworkError`. */
  constructor(baseUrl: string, byCookie: boolean, send: (request: Request) => Promise<Response>) {
    this.byCookie = byCookie;
    this.#client = createFetchClient<paths>({
      baseUrl,
      fetch: async (request) => whole(await send(request)),
    });
  }

  login(body: Credentials): Promise<Answer<Tokens>> {
    return withTokens(this.#client.POST('/api/v1/auth/login', { ...this.#init(), body }));
  }

  loginByOtp(body: { readonly email: string; readonly otp: string }): Promise<Answer<Tokens>> {
    return withTokens(
      this.#client.POST('/api/v1/otp/verify', {
        ...this.#init(),
        body: { ...body, purpose: 'login' },
      }) as Promise<Answer<Tokens>>,
    );
  }

  refresh(refreshToken: string | undefined): Promise<Answer<Tokens>> {
    return withTokens(
      this.#client.POST('/api/v1/auth/refresh', { ...this.#init(), ...this.#body(refreshToken) }),
    );
  }

  logout(refreshToken: string | undefined): Promise<Answer<undefined>> {
    return this.#client.POST('/api/v1/auth/logout', { ...this.#init(), ...this.#body(refreshToken) });
  }

  #body(refreshToken: string | undefined) {
    return this.byCookie || refreshToken === undefined ? {} : { body: { refreshToken } };
  }

  #init() {
    const signal = AbortSignal.timeout(ANSWER_MS);
    if (!this.byCookie) return { signal };
    return { signal, credentials: 'include', params: { query: { transport: 'cookie' } } } as const;
  }
}

/** A success without tokens is not the service's. */
async function withTokens(call: Promise<Answer<Tokens>>): Promise<Answer<Tokens>> {
  const answer = await call.catch((error: unknown) => {
    throw error instanceof SyntaxError ? new NetworkError(error) : error;
  });
  if (answer.error === undefined && typeof answer.data?.accessToken !== 'string')
    throw new NetworkError(`${answer.response.status} without tokens`, answer.response);
  return answer;
}

/** Reads the answer to its end: one that breaks off is none. */
async function whole(response: Response): Promise<Response> {
  const { status, headers } = response;
  try {
    const text = await response.text();
    return new Response(text === '' ? null : text, { status, headers });
  } catch (error) {
    throw new NetworkError(error);
  }
}
