import type { Problem } from './problem.js';
import type { Session } from './session.js';
import type { Answer } from './session-calls.js';

type Fetch = (request: Request) => Promise<Response>;

/**
 * Sends calls with the session's access token. One that is answered 401 because its token is of no use any more goes out
 * once again after a refresh, and never a third time. A call with an `Authorization` of its own goes out as it is.
 */
export function authorizedFetch(session: Session, send: Fetch): Fetch {
  const attempt = (request: Request, accessToken: string | undefined) => {
    const sent = request.clone();
    if (accessToken !== undefined) sent.headers.set('Authorization', `Bearer ${accessToken}`);
    return send(sent);
  };
  return async (request) => {
    if (request.headers.has('Authorization')) return send(request);
    const first = await unlessAborted(request.signal, session.ticket());
    if ('answer' in first) return asResponse(first.answer);
    const response = await attempt(request, first.ticket.accessToken);
    if (!(await isTokenRefused(response))) return response;
    const renewal = await unlessAborted(request.signal, session.renew(first.ticket));
    if (renewal === undefined) return response;
    if ('answer' in renewal) return asResponse(renewal.answer);
    return attempt(request, renewal.ticket.accessToken);
  };
}

async function isTokenRefused(response: Response): Promise<boolean> {
  if (response.status !== 401) return false;
  const problem = (await response
    .clone()
    .json()
    .catch(() => ({}))) as Partial<Problem>;
  return problem.code === 'invalid_token' || problem.code === 'unauthenticated';
}

/** The refresh could not be done now: what the service said to it is the answer to the call that needed it. */
function asResponse({ error, response: { status, headers } }: Answer<never>): Response {
  return new Response(JSON.stringify(error), { status, headers });
}

/** Whoever gives up waits no longer for what others go on waiting for. */
function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
