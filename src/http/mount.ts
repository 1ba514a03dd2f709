import type { IRouter, Request, RequestHandler, Response } from 'express';
import { type ZodType, z } from 'zod';
import type { Limiter } from '../limits/limiter';
import type { PolicyName } from '../limits/policies';
import type { Audit } from '../observability/audit';
import { type Answer, type AnyEndpoint, type Call, queryOf, type RouteCharge } from './endpoint';
import { asProblem } from './error-handler';
import { readJsonBody } from './json-body';
import { memberErrors } from './member-errors';
import type { Principal } from './principal';
import { Problem } from './problem';
import { RequestCharges } from './rate-limiter';
import type { CookieTransport, RefreshTransport } from './refresh-transport';
import { contextOf, originOf } from './request-context';
import { sendStream } from './streaming';

/** How an endpoint lets callers in: through the global limit and authentication, or as the system routes do. */
export type Admit = (
  endpoint: AnyEndpoint<never>,
  request: Request,
  response: Response,
) => Promise<Principal | undefined>;

/** What every call uses, whatever it is for. */
interface EveryCall {
  readonly limiter: Limiter;
  readonly audit: Audit;
  readonly refreshTransport: RefreshTransport;
}

const noBody = z.strictObject({}).optional();

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
  const query = queryOf(endpoint) ?? noBody;
  const work = async (request: Request, response: Response) => {
    const context = contextOf(response);
    context.route = path;
    const principal = await admit(endpoint, request, response);
    const cookie = services.refreshTransport.byCookie(endpoint.refreshToken, request, response);
    const sent = endpoint.method === 'get' ? undefined : await readJsonBody(request, response);
    const charges = new RequestCharges(services.limiter, response);
    const call: Call<ZodType, ZodType, ZodType> = {
      body: bodyOf(endpoint, sent, cookie),
      query: validated(query, request.query),
      params: endpoint.params && matched(endpoint.params, request.params),
      principal,
      origin: originOf(response),
      address: context.address,
      peer: context.peer,
      userAgent: context.userAgent,
      charge: (policy, ...parts) => charges.charge([{ ...keyless(endpoint, policy), parts }]),
    };
    let answer: Answer<unknown>;
    try {
      await charges.charge(
        (endpoint.limits ?? []).flatMap(({ key, ...limit }) => (key ? [{ ...limit, parts: key(call) }] : [])),
      );
      answer = await endpoint.handler(services, call);
    } catch (error) {
      const problem = asProblem(error);
      endpoint.settled?.(services, problem.code);
      await charges.settle(problem.problem);
      cookie?.refused(problem.problem);
      throw problem;
    }
    endpoint.settled?.(services, null);
    await charges.settle(undefined);
    await send(endpoint, response, answer, cookie);
  };
  return (request, response) =>
    work(request, response).catch((error: unknown) => {
      services.audit.refused(originOf(response), asProblem(error).problem);
      throw error;
    });
}

/** Only what the endpoint names can be charged: so it is documented too. */
function keyless(endpoint: AnyEndpoint<never>, policy: PolicyName): Omit<RouteCharge, 'parts'> {
  const limit = endpoint.limits?.find((named) => named.policy === policy && named.key === undefined);
  if (limit === undefined) throw new RangeError(`${endpoint.name} names no limit ${policy} without a key`);
  return limit;
}

function bodyOf(endpoint: AnyEndpoint<never>, sent: unknown, cookie: CookieTransport | undefined): unknown {
  if (cookie?.takesToken !== true) return validated(endpoint.body ?? noBody, sent);
  validated(noBody, sent);
  return cookie.body();
}

/** Throws `Problem` `validation_failed`, which names every member at fault. */
function validated(schema: ZodType, value: unknown): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Problem('validation_failed', { errors: memberErrors(result.error) });
}

/** A parameter that no resource can have names a path that does not exist. */
function matched(schema: ZodType, params: unknown): unknown {
  const result = schema.safeParse(params);
  if (result.success) return result.data;
  throw new Problem('not_found');
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
