import type { IRouter, Request, RequestHandler, Response } from 'express';
import type { Limiter } from '../limits/limiter';
import type { Audit } from '../observability/audit';
import type { Answer, AnyEndpoint } from './endpoint';
import { asProblem } from './error-handler';
import type { Principal } from './principal';
import { Problem } from './problem';
import { chargesOf, readCall } from './read-call';
import type { CookieTransport, RefreshTransport } from './refresh-transport';
import { RequestCharges } from './request-charges';
import { contextOf, originOf } from './request-context';
import { sendStream } from './streaming';

/** How an endpoint lets callers in: through the global limit and authentication, or as the system routes do. */
export type Admit = (
  endpoint: AnyEndpoint<never>,
  request: Request,
  response: Response,
  charges: RequestCharges,
) => Promise<Principal | undefined>;

/** What every call uses, whatever it is for. */
interface EveryCall {
  readonly limiter: Limiter;
  readonly audit: Audit;
  readonly refreshTransport: RefreshTransport;
}

/**
 * Mounts endpoints below `basePath`, in the order of checks that the contract lays down: method → admission (global
 * limit, token, site) → body → schema → the route's limits → work.
 */
export function mount<S extends EveryCall>(
  router: IRouter,
  basePath: string,
  endpoints: readonly AnyEndpoint<S>[],
  services: S,
  admit: Admit,
): void {
  const methodsByPath = new Map<string, string[]>();
  for (const endpoint of endpoints) {
    const path = basePath + endpoint.path;
    router[endpoint.method](path, serve(path, endpoint, services, admit));
    const methods = methodsByPath.get(path) ?? [];
    methods.push(...(endpoint.method === 'get' ? ['GET', 'HEAD'] : [endpoint.method.toUpperCase()]));
    methodsByPath.set(path, methods);
  }
  for (const [path, methods] of methodsByPath) refuseOtherMethods(router, path, methods);
}

/** Ends calls of a path by any method that the routes before this one did not take. */
export function refuseOtherMethods(router: IRouter, path: string, methods: readonly string[]): void {
  router.all(path, (_request, response) => {
    contextOf(response).route = path;
    response.setHeader('Allow', methods.join(', '));
    throw new Problem('method_not_allowed');
  });
}

function serve<S extends EveryCall>(
  path: string,
  endpoint: AnyEndpoint<S>,
  services: S,
  admit: Admit,
): RequestHandler {
  const work = async (request: Request, response: Response) => {
    contextOf(response).route = path;
    const charges = new RequestCharges(services.limiter, response);
    const principal = await admit(endpoint, request, response, charges);
    const reading = { refreshTransport: services.refreshTransport, principal, charges };
    const { call, cookie } = await readCall(endpoint, request, response, reading).catch(
      async (error: unknown) => {
        await charges.chargeDeferred();
        throw error;
      },
    );
    const settled = (problem: string | null) =>
      endpoint.settled?.(services, { problem, body: call.body, byCookie: cookie !== undefined });
    let answer: Answer<unknown>;
    try {
      await charges.charge(chargesOf(endpoint, services, call));
      answer = await endpoint.handler(services, call);
    } catch (error) {
      const problem = asProblem(error);
      settled(problem.code);
      await charges.settle(problem.problem);
      cookie?.refused(problem.problem);
      throw problem;
    }
    settled(null);
    await charges.settle(undefined);
    await send(endpoint, response, answer, cookie);
  };
  return (request, response) =>
    work(request, response).catch((error: unknown) => {
      services.audit.refused(originOf(response), asProblem(error).problem);
      throw error;
    });
}

/** The answer passes through its schema and loses what that does not name: a leaked hash cannot leave. */
async function send(
  endpoint: AnyEndpoint<never>,
  response: Response,
  answer: Answer<unknown>,
  cookie: CookieTransport | undefined,
): Promise<void> {
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  const problem = answer.problem && new Problem(answer.problem);
  if (problem) contextOf(response).problem = problem.code;
  response.status(problem?.status ?? endpoint.status);
  if (answer.stream !== undefined) {
    await sendStream(response, endpoint.contentType ?? 'application/json', answer.stream);
    return;
  }
  const parsed = endpoint.response?.parse(answer.body);
  const body = cookie === undefined ? parsed : cookie.answered(parsed);
  if (endpoint.response === undefined) {
    response.end();
  } else if (endpoint.contentType === undefined) {
    response.json(body);
  } else {
    response.type(endpoint.contentType).send(body);
  }
}
