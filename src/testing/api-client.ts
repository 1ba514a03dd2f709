import { randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import request, { type Response } from 'supertest';
import type { Account } from '../stores/account/account-store';
import { codeIn } from './captured-mailer';
import type { TestApp } from './test-app';

export const BASE_PATH = '/api/v1';

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** Calls the API over HTTP from an address of its own, as one client does. */
export class ApiClient {
  constructor(
    readonly app: RequestListener,
    readonly address = freshAddress(),
  ) {}

  /** The path is below the base path; `token` is an access token. */
  async call(
    method: 'get' | 'post' | 'patch' | 'put' | 'delete',
    path: string,
    body?: unknown,
    token?: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const prepared = request(this.app)
      [method](BASE_PATH + path)
      .set('X-Forwarded-For', this.address)
      .set(headers);
    if (token !== undefined) prepared.set('Authorization', `Bearer ${token}`);
    return body === undefined ? prepared : prepared.send(body as object);
  }

  post(path: string, body?: unknown, token?: string): Promise<Response> {
    return this.call('post', path, body, token);
  }

  get(path: string, token?: string): Promise<Response> {
    return this.call('get', path, undefined, token);
  }
}

/** Somebody with an account that is verified. */
export interface TestUser {
  readonly email: string;
  readonly username: string;
  readonly password: string;
}

/** Details that no other test has. */
export function newUser(): TestUser {
  const unique = randomBytes(6).toString('hex');
  return {
    email: `ada.${unique}@example.com`,
    username: 'Ada Lovelace',
    password: `violet-lantern-${unique}`,
  };
}

/** Registers and verifies by the mailed code. */
export async function signUp(test: TestApp, user: TestUser = newUser()): Promise<TestUser> {
  const client = new ApiClient(test.app);
  const registered = await client.post('/auth/register', user);
  if (registered.status !== 202) throw new Error(`register: ${registered.status} ${registered.text}`);
  await test.deliverMails();
  const otp = codeIn(test.mailer.to(user.email)[0]);
  const verified = await client.post('/otp/verify', { email: user.email, purpose: 'verify_email', otp });
  if (verified.status !== 200) throw new Error(`verify: ${verified.status} ${verified.text}`);
  return user;
}

/** Logs in; the tokens of the new session. */
export async function logIn(
  test: TestApp,
  user: TestUser,
  client = new ApiClient(test.app),
): Promise<Tokens> {
  const { email, password } = user;
  const response = await client.post('/auth/login', { email, password });
  if (response.status !== 200) throw new Error(`login: ${response.status} ${response.text}`);
  return response.body as Tokens;
}

const BY_TEST = { actorId: null, address: 'local', requestId: 'test' };

/** Signs up and becomes an admin; logs in. */
export async function signUpAdmin(
  test: TestApp,
  user: TestUser = newUser(),
): Promise<TestUser & Tokens & { readonly id: string }> {
  await signUp(test, user);
  const account = await accountOf(test, user.email);
  const promoted = await test.services.standings.change(account.id, { role: 'ADMIN' }, BY_TEST);
  if (promoted.outcome !== 'changed') throw new Error(`promotion: ${promoted.outcome}`);
  return { ...user, id: account.id, ...(await logIn(test, user)) };
}

/** A session without the work of a login, where many are needed. */
export async function beginSession(test: TestApp, { email }: Pick<TestUser, 'email'>): Promise<Tokens> {
  const device = { address: freshAddress(), userAgent: 'test' };
  const account = await accountOf(test, email);
  const grant = await test.services.sessions.begin(account, device, 'password', BY_TEST);
  if (grant === undefined) throw new Error('the account may not log in');
  return grant;
}

async function accountOf({ services }: TestApp, email: string): Promise<Account> {
  const account = await services.accounts.findByEmail(email);
  if (account === undefined) throw new Error('there is no such account');
  return account;
}

let addresses = 0;

/** An address of the range for benchmarks (RFC 2544) that no other client of this file has: their limits do not meet. */
export function freshAddress(): string {
  addresses += 1;
  return `198.${18 + (addresses >> 16)}.${(addresses >> 8) & 255}.${addresses & 255}`;
}
