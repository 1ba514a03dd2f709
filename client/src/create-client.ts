import createFetchClient, { type Client } from 'openapi-fetch';
import { authorizedFetch } from './authorized-fetch.js';
import type { TokenStorage } from './kept-refresh-token.js';
import { refuseForeign } from './no-answer.js';
import { NetworkError, ProblemError } from './problem.js';
import type { components, paths } from './schema.js';
import { Session, type SignedOutReason } from './session.js';
import { type Answer, type Credentials, SessionCalls, type Tokens, type User } from './session-calls.js';

export interface ClientOptions {
  /** Of the service, such as `https://id.example.com`. Nothing is ever sent to another origin. */
  readonly baseUrl: string;
  /** Where the refresh token travels: in bodies (unless said), or in a cookie that no script can read. */
  readonly transport?: 'body' | 'cookie';
  /** With `body`: keeps the refresh token beyond this page. Without it a reload signs out. */
  readonly storage?: TokenStorage;
  /** Under which it lies there: one for each user where they share a storage, or a process. */
  readonly storageKey?: string;
  readonly fetch?: (request: Request) => Promise<Response>;
  /** Nobody is signed in any more, without having asked for it. */
  readonly onSignedOut?: (reason: SignedOutReason) => void;
}

type OtpPath = paths['/api/v1/otp/verify'];
/** The calls that need no care for tokens: all but those that make, renew and end a session. */
export type CallPaths = Omit<
  paths,
  `/api/v1/auth/${'login' | 'refresh' | 'logout' | 'logout-all'}` | '/api/v1/otp/verify'
> & {
  '/api/v1/otp/verify': Omit<OtpPath, 'post'> & {
    post: Omit<OtpPath['post'], 'requestBody'> & {
      requestBody: {
        content: {
          'application/json': components['schemas']['OtpPresentation'] & {
            purpose: 'verify_email' | 'reset_password';
          };
        };
      };
    };
  };
};

/** Every call of the API, typed by its document; the access token goes along by itself. */
export interface TollgateClient extends Client<CallPaths> {
  /** Who is signed in, as of the last login or refresh. */
  readonly user: User | undefined;
  login(credentials: Credentials): Promise<Answer<User>>;
  /** `otp` is the code, or the token, of a mail for the purpose `login`. */
  loginByOtp(presented: { readonly email: string; readonly otp: string }): Promise<Answer<User>>;
  /** Finds out, when a page loads, whether somebody is signed in; undefined where no refresh token is kept to ask with. */
  refresh(): Promise<Answer<User> | undefined>;
  /** Ends this session. On an error but 401 it goes on, and the tokens are kept, so that it can be tried again. */
  logout(): Promise<Answer<undefined>>;
  /** Ends every session of this user. */
  logoutAll(): Promise<Answer<undefined>>;
  /**
   * A token that is good for a while, for a product behind the service's forward authentication; undefined if nobody is
   * signed in. Throws `ProblemError` or `NetworkError` if it could not be renewed now.
   */
  accessToken(): Promise<string | undefined>;
}

/** A client with a session of its own. Every call throws `NetworkError` where no answer of the service's came. */
export function createClient(options: ClientOptions): TollgateClient {
  const { baseUrl, transport = 'body', storage, onSignedOut = () => {} } = options;
  const byCookie = transport === 'cookie';
  if (byCookie && storage !== undefined)
    throw new TypeError('with transport "cookie" there is nothing to store');
  const { origin } = new URL(baseUrl);
  const { storageKey = `tollgate ${origin}` } = options;
  const send = sender(baseUrl, options.fetch ?? ((request) => globalThis.fetch(request)));
  const calls = new SessionCalls(baseUrl, byCookie, send);
  const session = new Session({ calls, storage, storageKey, onSignedOut });
  const authorized = createFetchClient<paths>({ baseUrl, fetch: authorizedFetch(session, send) });

  const begin = async (login: Promise<Answer<Tokens>>): Promise<Answer<User>> => {
    const sentAt = performance.now();
    const answer = await login;
    if (answer.error === undefined) await session.begin(answer.data, sentAt);
    return userOf(answer);
  };
  const end = async (logout: Promise<Answer<undefined>>): Promise<Answer<undefined>> => {
    const answer = await logout;
    const { status } = answer.response;
    // A success that is not the service's has ended nothing.
    if (answer.error === undefined && status !== 204)
      throw new NetworkError(`${status} to a logout`, answer.response);
    if (status === 204 || status === 401) await session.forget();
    return answer;
  };
  const own = {
    login: (credentials: Credentials) => begin(calls.login(credentials)),
    loginByOtp: (presented: { email: string; otp: string }) => begin(calls.loginByOtp(presented)),
    refresh: async () => {
      const answer = await session.refresh();
      return answer && userOf(answer);
    },
    logout: async () => {
      await session.settled();
      return end(calls.logout(await session.refreshToken));
    },
    logoutAll: () => end(authorized.POST('/api/v1/auth/logout-all')),
    accessToken: async () => {
      const found = await session.usableTicket();
      if ('answer' in found) throw thrown(found.answer);
      return found.ticket.accessToken;
    },
  };
  const client = Object.assign(authorized as unknown as Client<CallPaths>, own);
  return Object.defineProperty(client, 'user', { get: () => session.user }) as TollgateClient;
}

/** Refuses other origins and redirects, both of which could carry a token away, and answers that are not the service's. */
function sender(baseUrl: string, fetch: (request: Request) => Promise<Response>) {
  const { origin, pathname: base } = new URL(baseUrl);
  return async (request: Request): Promise<Response> => {
    const called = new URL(request.url);
    if (called.origin !== origin) throw new TypeError(`only ${origin} is called by this client`);
    try {
      const response = await fetch(new Request(request, { redirect: 'error' }));
      await refuseForeign(called.pathname.slice(base.replace(/\/$/, '').length), response);
      return response;
    } catch (error) {
      // The caller's own wish is told as such.
      if (request.signal.aborted && request.signal.reason?.name !== 'TimeoutError') throw error;
      throw error instanceof NetworkError ? error : new NetworkError(error);
    }
  };
}

function userOf(answer: Answer<Tokens>): Answer<User> {
  return answer.error === undefined ? { data: answer.data.user, response: answer.response } : answer;
}

function thrown({ error, response }: Answer<never>): unknown {
  return error && new ProblemError(error, response);
}
