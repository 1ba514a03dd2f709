import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import type { Clock } from '../clock';
import type { Allowlist } from '../limits/allowlist';
import type { Limiter } from '../limits/limiter';
import { DependencyUnavailable } from '../stores/dependency-unavailable';
import { authenticate, bearerToken, type Gate } from './authenticate';
import type { Admit } from './mount';
import type { Principal } from './principal';
import { Problem } from './problem';
import { RequestCharges } from './request-charges';
import { contextOf } from './request-context';

/** Admission to everything below `/api/v1`: the global limit, authentication, permission, a recent password. */
export function throughGate(gate: Gate): Admit {
  return async (endpoint, request, response, charges) => {
    const principal = await authenticate(gate, endpoint.access, request, response, charges);
    if (endpoint.fresh === true) assertFresh(principal, gate.clock);
    return principal;
  };
}

/** Admission to the admin surface: on top of all that, an address of the allow-list. */
export function throughAdminGate(gate: Gate & { readonly allowlist: Allowlist }): Admit {
  return async (endpoint, request, response, charges) => {
    const principal = await authenticate(gate, endpoint.access, request, response, charges);
    if (!(await gate.allowlist.admits(contextOf(response).peer))) throw new Problem('address_not_allowed');
    if (endpoint.fresh === true) assertFresh(principal, gate.clock);
    return principal;
  };
}

function assertFresh(principal: Principal | undefined, clock: Clock): void {
  const fresh = principal?.kind === 'user' && clock.now() < principal.session.freshUntil;
  if (!fresh) throw new Problem('reauthentication_required');
}

/** Admission to pages behind links: the global limit, kept in this process while a page goes on without the store. */
export function behindGlobalLimit(local: Limiter): Admit {
  return async (endpoint, _request, response, charges) => {
    const global = { policy: 'global', parts: [contextOf(response).address] } as const;
    await charges.charge([global]).catch((error: unknown) => {
      if (!(error instanceof DependencyUnavailable) || endpoint.needsState === true) throw error;
      return new RequestCharges(local, response).charge([global]);
    });
    return undefined;
  };
}

/** Admission of a monitor by its own token; of everybody where none is set. */
export function byMetricsToken(metricsToken: string | undefined): Admit {
  return async (_endpoint, request: Request) => {
    if (metricsToken === undefined) return undefined;
    const token = bearerToken(request);
    if (token === undefined) throw new Problem('unauthenticated');
    if (!timingSafeEqual(digest(token), digest(metricsToken))) throw new Problem('invalid_token');
    return undefined;
  };
}

/** System calls ask nobody. */
export const openToAll: Admit = async () => undefined;

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
