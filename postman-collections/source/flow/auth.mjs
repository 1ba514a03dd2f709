// Accounts and sessions.
import { keep, takeMail } from '../scripts.mjs';
import {
  isOut,
  logIn,
  makeRoom,
  OTHER_PASSWORD,
  PASSWORD,
  refusal,
  register,
  step,
  verify,
} from './steps.mjs';

const ada = { email: '{{adaEmail}}', password: PASSWORD };
const OWN_PAGE = { Origin: '{{baseUrl}}' };
const inCookie = (what) => [
  `pm.test('${what}', () => {`,
  `  pm.expect(pm.response.json()).to.not.have.property('refreshToken');`,
  `  pm.expect(pm.response.headers.get('Set-Cookie')).to.match(/HttpOnly/i).and.match(/SameSite=Strict/i);`,
  `});`,
];

export const auth = [
  makeRoom('auth'),
  register('ada'),
  refusal('register', 'register with a common password', 400, 'validation_failed', {
    path: 'password',
    body: { password: 'password1234' },
  }),
  refusal('login', 'log in before the address is verified', 403, 'email_not_verified', { body: ada }),
  refusal('login', 'log in with a wrong password', 401, 'invalid_credentials', {
    body: { ...ada, password: OTHER_PASSWORD },
    tests: [
      `pm.collectionVariables.set('refusedLogin', JSON.stringify({ ...pm.response.json(), requestId: '' }));`,
    ],
  }),
  refusal('login', 'log in as nobody', 401, 'invalid_credentials', {
    body: { ...ada, email: 'nobody.{{$randomUUID}}@example.com' },
    tests: [
      `pm.test('is answered as a wrong password is', () => {`,
      `  const answered = JSON.stringify({ ...pm.response.json(), requestId: '' });`,
      `  pm.expect(answered).to.equal(pm.collectionVariables.get('refusedLogin'));`,
      `});`,
    ],
  }),
  verify('ada'),
  logIn('ada'),
  step('register', 'register an address that is taken: the same answer', { body: ada }),
  step('check', 'check the access token', {
    as: 'adaToken',
    tests: [
      `pm.test('says who it is', () => {`,
      `  pm.expect(pm.response.headers.get('X-Auth-Subject')).to.equal(pm.collectionVariables.get('adaId'));`,
      `  pm.expect(pm.response.headers.get('X-Auth-Role')).to.equal('USER');`,
      `  pm.expect(pm.response.headers.get('X-Auth-Session')).to.be.a('string');`,
      `});`,
    ],
  }),
  step('refresh', 'rotate the refresh token', {
    body: { refreshToken: '{{adaRefreshToken}}' },
    tests: keep({ adaToken: 'accessToken', successor: 'refreshToken' }),
  }),
  step('refresh', 'the predecessor at once again: the same successor', {
    body: { refreshToken: '{{adaRefreshToken}}' },
    tests: [
      `pm.test('is the same successor', () => {`,
      `  pm.expect(pm.response.json().refreshToken).to.equal(pm.collectionVariables.get('successor'));`,
      `});`,
    ],
  }),
  step('refresh', 'rotate once more', { body: { refreshToken: '{{successor}}' } }),
  refusal('refresh', 'present the first one again: reuse', 401, 'refresh_token_reused', {
    body: { refreshToken: '{{adaRefreshToken}}' },
  }),
  isOut('adaToken', 'reuse has ended the session'),
  refusal('refresh', 'present what is no refresh token', 401, 'invalid_refresh_token', {}),
  step('login', 'log in with the refresh token in a cookie', {
    query: { transport: 'cookie' },
    headers: OWN_PAGE,
    body: ada,
    tests: inCookie('keeps the refresh token in the cookie'),
  }),
  step('refresh', 'rotate the one in the cookie', {
    query: { transport: 'cookie' },
    headers: OWN_PAGE,
    raw: '',
    tests: [...inCookie('keeps the successor in the cookie'), ...keep({ adaToken: 'accessToken' })],
  }),
  step('logout', 'log out by the cookie', {
    query: { transport: 'cookie' },
    headers: OWN_PAGE,
    raw: '',
    tests: [
      `pm.test('clears the cookie', () => {`,
      `  pm.expect(pm.response.headers.get('Set-Cookie')).to.match(/Max-Age=0|Expires=Thu, 01 Jan 1970/i);`,
      `});`,
    ],
  }),
  isOut('adaToken', 'the session of the cookie has ended'),
  makeRoom('auth, again'),
  logIn('ada', 'log ada in again'),
  refusal('reauthenticate', 'give a wrong password again', 403, 'invalid_credentials', {
    as: 'adaToken',
    body: { password: OTHER_PASSWORD },
  }),
  step('reauthenticate', 'give the password again', { as: 'adaToken', body: { password: PASSWORD } }),
  step('logout', 'log out by the access token', { as: 'adaToken' }),
  isOut('adaToken', 'the session has ended at once'),
  logIn('ada', 'log ada in for a logout by refresh token'),
  step('logout', 'log out by the refresh token', {
    as: null,
    body: { refreshToken: '{{adaRefreshToken}}' },
  }),
  refusal('logout', 'log out by what is no refresh token', 401, 'invalid_refresh_token', {
    as: null,
    body: { refreshToken: 'not-a-refresh-token' },
  }),
  logIn('ada', 'log ada in for a logout everywhere'),
  step('logoutAll', 'log out everywhere', { as: 'adaToken' }),
  isOut('adaToken', 'every session has ended'),
  step('requestOtp', 'ask for a code to reset the password', {
    body: { email: ada.email, purpose: 'reset_password' },
  }),
  step('verifyOtp', 'present that code', {
    before: takeMail('adaEmail', 'code'),
    body: { email: ada.email, purpose: 'reset_password', otp: '{{otp}}' },
    tests: keep({ resetToken: 'resetToken' }),
  }),
  step('resetPassword', 'set a new password', {
    body: { resetToken: '{{resetToken}}', newPassword: OTHER_PASSWORD },
  }),
  refusal('resetPassword', 'use the reset token twice', 400, 'invalid_reset_token', {
    body: { resetToken: '{{resetToken}}', newPassword: PASSWORD },
  }),
  refusal('login', 'the old password works no more', 401, 'invalid_credentials', { body: ada }),
  logIn('ada', 'log in with the new password', OTHER_PASSWORD),
];
