import { NetworkError, type Problem } from './problem.js';

/** Errors that the service tells in a form of their own, by the calls' paths: its document has no others. */
const OWN_FORMS: Readonly<Record<string, { readonly status: number; readonly type: string }>> = {
  '/verify-email': { status: 400, type: 'text/html' },
  '/undo-email-change': { status: 400, type: 'text/html' },
  '/health/ready': { status: 503, type: 'application/json' },
};

/** What the service shows to people, in HTML. */
const PAGES: ReadonlySet<string> = new Set(['/verify-email', '/undo-email-change', '/api-docs']);

/**
 * Throws `NetworkError` where an answer is not the service's own: the page or the empty answer of something in between, which
 * says nothing of what became of the call. `path` is below the base URL.
 */
export async function refuseForeign(path: string, response: Response): Promise<void> {
  const isOurs = response.ok ? isSuccess(path, response) : await isError(path, response);
  if (!isOurs) throw new NetworkError(`${response.status} that is not the service's`, response);
}

function isSuccess(path: string, { status, headers }: Response): boolean {
  const isEmpty = status < 202 && headers.get('Content-Length') === '0';
  return !isEmpty && (typeOf(headers) !== 'text/html' || PAGES.has(path));
}

async function isError(path: string, response: Response): Promise<boolean> {
  const type = typeOf(response.headers);
  const text = await response.clone().text();
  const own = OWN_FORMS[path];
  if (own?.status === response.status && own.type === type) return text !== '';
  return type === 'application/problem+json' && isProblem(text);
}

function typeOf(headers: Headers): string | undefined {
  return headers.get('Content-Type')?.split(';')[0]?.trim().toLowerCase();
}

function isProblem(text: string): boolean {
  try {
    const { code } = JSON.parse(text) as Partial<Problem>;
    return typeof code === 'string';
  } catch {
    return false;
  }
}
