import { AnswerDescriptions, type GivenAnswer } from './described-answers';

/** Made at the first answer of a test file. */
let descriptions: AnswerDescriptions | undefined;

/** As `fetch`, of a service that runs in a process of its own: throws where the answer is not as the OpenAPI document says. */
export async function describedFetch(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, init);
  const { status } = response;
  const headers = Object.fromEntries(response.headers);
  assertDescribed(url, {
    method: init.method ?? 'GET',
    status,
    headers,
    body: await response.clone().text(),
  });
  return response;
}

/** The same of an answer that came another way. */
export function assertDescribed(url: string, answer: Omit<GivenAnswer, 'route'>): void {
  descriptions ??= new AnswerDescriptions();
  const { pathname } = new URL(url);
  const fault = descriptions.faultOf({ ...answer, route: descriptions.routeOf(pathname) });
  if (fault !== undefined)
    throw new Error(`not in the OpenAPI document: ${answer.method} ${pathname} answers ${fault}`);
}
