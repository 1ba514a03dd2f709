import type { Request, Response } from 'express';
import { type ZodType, z } from 'zod';
import type { PolicyName } from '../limits/policies';
import { type AnyEndpoint, type Call, queryOf, type RouteCharge } from './endpoint';
import { readJsonBody } from './json-body';
import { memberErrors } from './member-errors';
import type { Principal } from './principal';
import { Problem } from './problem';
import type { CookieTransport, RefreshTransport } from './refresh-transport';
import type { RequestCharges } from './request-charges';
import { contextOf, originOf } from './request-context';

/** A call whose types its endpoint alone knows. */
export type AnyCall = Call<ZodType, ZodType, ZodType>;

interface Reading {
  readonly refreshTransport: RefreshTransport;
  readonly principal: Principal | undefined;
  readonly charges: RequestCharges;
}

const noBody = z.strictObject({}).optional();

/** Everything that is read of a request, and checked, before it is worked on. Throws `Problem`. */
export async function readCall(
  endpoint: AnyEndpoint<never>,
  request: Request,
  response: Response,
  { refreshTransport, principal, charges }: Reading,
): Promise<{ readonly call: AnyCall; readonly cookie: CookieTransport | undefined }> {
  const { address, peer, userAgent } = contextOf(response);
  const cookie = refreshTransport.byCookie(endpoint.refreshToken, request, response);
  const sent = endpoint.method === 'get' ? undefined : await readJsonBody(request, response);
  const call: AnyCall = {
    body: bodyOf(endpoint, sent, cookie),
    query: validated(queryOf(endpoint) ?? noBody, request.query),
    params: endpoint.params && matched(endpoint.params, request.params),
    principal,
    origin: originOf(response),
    address,
    peer,
    userAgent,
    guessFailed: () => charges.fail(),
    charge: (policy, ...parts) => charges.charge([{ ...keyless(endpoint, policy), parts }]),
  };
  return { call, cookie };
}

/** What a call is charged before the work. */
export function chargesOf<S>({ limits = [] }: AnyEndpoint<S>, services: S, call: AnyCall): RouteCharge[] {
  return limits.flatMap(({ policy, key, keptFor, exempt }) => {
    if (key === undefined) return [];
    return {
      policy,
      parts: key(call),
      ...(keptFor && { keptFor }),
      ...(exempt && { exempt: () => exempt(services, call) }),
    };
  });
}

/** Only what the endpoint names can be charged: so it is documented too. */
function keyless(endpoint: AnyEndpoint<never>, policy: PolicyName): Omit<RouteCharge, 'parts'> {
  const limit = endpoint.limits?.find((named) => named.policy === policy && named.key === undefined);
  if (limit === undefined) throw new RangeError(`${endpoint.name} names no limit ${policy} without a key`);
  return { policy, ...(limit.keptFor && { keptFor: limit.keptFor }) };
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
