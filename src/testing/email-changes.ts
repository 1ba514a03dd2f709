import type { Response } from 'supertest';
import { ApiClient, logIn, newUser, signUp, type TestUser, type Tokens } from './api-client';
import { codeIn, linkIn } from './captured-mailer';
import type { TestApp } from './test-app';

export type SignedIn = TestUser & Tokens;

/** Somebody new with an account and a session. */
export async function signIn(test: TestApp): Promise<SignedIn> {
  const user = await signUp(test);
  return { ...user, ...(await logIn(test, user)) };
}

export const freshEmail = () => newUser().email;

/** Asks for another address, from one that no limit knows yet. */
export function askForEmail(
  test: TestApp,
  { password, accessToken }: SignedIn,
  newEmail: string,
): Promise<Response> {
  return new ApiClient(test.app).post('/users/me/email', { newEmail, password }, accessToken);
}

export function confirmEmail(test: TestApp, { accessToken }: SignedIn, otp: string): Promise<Response> {
  return new ApiClient(test.app).post('/users/me/email/confirm', { otp }, accessToken);
}

/** Asks for another address and has the mails sent: the code that went there, and the link in the notice. */
export async function mailedChange(test: TestApp, user: SignedIn, newEmail = freshEmail()) {
  const asked = await askForEmail(test, user, newEmail);
  if (asked.status !== 202) throw new Error(`request: ${asked.status} ${asked.text}`);
  await test.deliverMails();
  return {
    newEmail,
    code: codeIn(test.mailer.to(newEmail)[0]),
    undoLink: linkIn(test.mailer.to(user.email)[0]),
  };
}

/** Takes another address; the user under it, and the link that undoes it. */
export async function moved(test: TestApp, user: SignedIn, to = freshEmail()) {
  const { code, undoLink } = await mailedChange(test, user, to);
  const confirmed = await confirmEmail(test, user, code);
  if (confirmed.status !== 200) throw new Error(`confirmation: ${confirmed.status} ${confirmed.text}`);
  return { user: { ...user, email: to } satisfies SignedIn, undoLink };
}
