import { type output, type ZodType, z } from 'zod';
import type { Charge } from '../limits/limiter';
import type { PolicyName } from '../limits/policies';
import type { Origin } from '../stores/audit/audit-store';
import type { Access, PrincipalOf } from './principal';
import type { ProblemName } from './problem';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

type Parsed<T> = T extends ZodType ? output<T> : undefined;

/** What a call does with a refresh token: answers with one, takes one and answers with its successor, takes one. */
export type RefreshTokenUse = 'issue' | 'rotate' | 'revoke';

export function takesRefreshToken(use: RefreshTokenUse | undefined): boolean {
  return use === 'rotate' || use === 'revoke';
}

/** A token is taken from `refreshToken` of the body. */
type UseOf<B> = 'issue' | ('refreshToken' extends keyof NonNullable<Parsed<B>> ? RefreshTokenUse : never);

/** What a controller gets: the parsed request, and who sent it from where. */
export interface Call<B = unknown, Q = unknown, P = unknown, A extends Access = Access> {
  readonly body: Parsed<B>;
  readonly query: Parsed<Q>;
  readonly params: Parsed<P>;
  readonly principal: PrincipalOf<A>;
  /** Who asks, for the audit trail. */
  readonly origin: Origin;
  readonly address: string;
  /** The whole address of the client, where `address` may be a network; unchecked. */
  readonly peer: string | undefined;
  readonly userAgent: string;
  /**
   * Charges a limit of the endpoint that has no key, as the others are: shown, refused with a 429, settled at the end.
   * Throws `RangeError` where the endpoint names no such limit.
   */
  readonly charge: (policy: PolicyName, ...parts: readonly string[]) => Promise<void>;
  /** A guess was wrong: limits that count failures keep their tokens, whatever else goes wrong from here on. */
  readonly guessFailed: () => void;
}

export interface RouteCharge extends Charge {
  /** Where it counts failures only: the problems it is kept for. */
  readonly keptFor?: readonly ProblemName[];
  /** Where it does not hold for everybody: whether it holds for this caller. Throws `DependencyUnavailable`. */
  readonly exempt?: () => Promise<boolean>;
}

/** What a controller answers: a body, or a text that is sent piece by piece. */
export type Answer<R> = AnswerParts & (Whole<R> | Streamed);

interface Whole<R> {
  readonly body: Answered<R>;
  readonly stream?: undefined;
}

interface Streamed {
  readonly body?: undefined;
  /**
   * The body in pieces (some 100 KiB at most, or slow clients do not get one in its time). Each is asked for once the one
   * before it is out, so that whatever stands after the last `yield` runs when all is sent, and not if the client left.
   * No schema is applied to it: whoever makes the pieces does (`ndjson` does so).
   */
  readonly stream: AsyncIterable<string>;
}

interface AnswerParts {
  /** Where the answer, in the endpoint's own form, is a problem all the same: its status and its count are the problem's. */
  readonly problem?: ProblemName;
  readonly headers?: Readonly<Record<string, string>>;
}

type Answered<R> = R extends ZodType ? output<R> : undefined;

/** What the limits of a route may know of a call. */
type LimitedCall<B, A extends Access> = Pick<Call<B, unknown, unknown, A>, 'body' | 'address' | 'principal'>;

/** How a well-formed request ended. */
export interface EndOfCall<B> {
  /** The code of the answer; null for a success. */
  readonly problem: string | null;
  readonly body: Parsed<B>;
  /** Whether the refresh token travels in the cookie. */
  readonly byCookie: boolean;
}

/** A policy that a call is charged to. */
export interface RouteLimit<S, B, A extends Access> {
  readonly policy: PolicyName;
  /**
   * What the bucket is kept for, charged before the work. Parts come from validated members alone. Without a key it is
   * charged in the course of it, by whoever can name the bucket: the controller, or for `mail` whoever sends it.
   */
  readonly key?: (call: LimitedCall<B, A>) => readonly string[];
  /** Failures-only: the token is given back unless the answer is one of these problems. */
  readonly keptFor?: readonly ProblemName[];
  /**
   * Whom it does not hold for. Asked, for a look-up may be behind it, only where that matters: when the bucket refuses,
   * and before a token is kept.
   */
  readonly exempt?: (services: S, call: LimitedCall<B, A>) => Promise<boolean>;
}

/**
 * One call of the API, as one value: the route, validation, types, OpenAPI document, limits and metric label are all
 * read from it. `access` has no default, so that no route forgets it. `S` is what the controller needs of the services.
 */
export interface Endpoint<S, B = unknown, Q = unknown, P = unknown, R = unknown, A extends Access = Access> {
  readonly method: Method;
  /** Below the base path, or from the root for system calls and pages: `/me/sessions/:id`. */
  readonly path: string;
  /** The OpenAPI operationId. */
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly access: A;
  /** Asks for a session in which the password was given within 15 minutes. */
  readonly fresh?: boolean;
  /** The call then understands `?transport=cookie`, by which a cookie stands in for `refreshToken` in the bodies. */
  readonly refreshToken?: Q extends undefined ? UseOf<B> : never;
  /** A page that cannot do without the working state: it is refused at once while that is away. */
  readonly needsState?: boolean;
  readonly limits?: readonly RouteLimit<S, B, A>[];
  readonly body?: B;
  readonly query?: Q;
  readonly params?: P;
  readonly status: number;
  readonly response: R;
  /** Of the answer; `application/json` unless said. */
  readonly contentType?: string;
  /** Problems of this call's own; those that any call can have are added. */
  readonly errors: readonly ProblemName[];
  /** Problems that it answers in its own form: a page, a report. */
  readonly toldInForm?: readonly ProblemName[];
  /** Headers of the answer that say something of this call, by what they say. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly handler: (services: S, call: Call<B, Q, P, A>) => Promise<Answer<R>>;
  /** Told once how each well-formed request ended, also one that a limit refused. */
  readonly settled?: (services: S, end: EndOfCall<B>) => void;
}

/** An endpoint whose request and answer types are known to it alone. */
// biome-ignore lint/suspicious/noExplicitAny: the types inside one endpoint agree by `endpoint()`; a list of them cannot name them
export type AnyEndpoint<S> = Endpoint<S, any, any, any, any, any>;

/** Declares an endpoint, checking its controller against its schemas. */
export function endpoint<
  S,
  B extends ZodType | undefined = undefined,
  Q extends ZodType | undefined = undefined,
  P extends ZodType | undefined = undefined,
  R extends ZodType | undefined = undefined,
  A extends Access = Access,
>(definition: Endpoint<S, B, Q, P, R, A>): Endpoint<S, B, Q, P, R, A> {
  return definition;
}

const transport = z.strictObject({
  transport: z
    .literal('cookie')
    .meta({
      description:
        'Keeps the refresh token in a cookie. For pages of the origin of `BASE_URL` and of those in `CORS_ORIGINS` alone.',
    })
    .optional(),
});

/** What the query of an endpoint may hold. */
export function queryOf({ query, refreshToken }: AnyEndpoint<never>): ZodType | undefined {
  return refreshToken === undefined ? query : transport;
}
