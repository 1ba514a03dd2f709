// One-time passwords by mail.
import { keep, takeMail } from '../scripts.mjs';
import { isOut, makeRoom, refusal, register, step } from './steps.mjs';

const email = '{{olgaEmail}}';
const fresh = takeMail('olgaEmail', 'code');

export const otp = [
  makeRoom('otp'),
  register('olga'),
  refusal('verifyOtp', 'present a wrong code', 400, 'invalid_otp', {
    before: fresh,
    body: { email, purpose: 'verify_email', otp: '{{wrongOtp}}' },
  }),
  step('verifyOtp', 'verify the address by the code', {
    body: { email, purpose: 'verify_email', otp: '{{otp}}' },
    tests: [`pm.test('is verified', () => pm.expect(pm.response.json()).to.eql({ verified: true }));`],
  }),
  refusal('verifyOtp', 'use a code twice', 400, 'invalid_otp', {
    body: { email, purpose: 'verify_email', otp: '{{otp}}' },
  }),
  step('requestOtp', 'ask for a code to log in', {
    body: { email, purpose: 'login' },
    tests: [`pm.collectionVariables.set('codeAnswer', pm.response.text());`],
  }),
  step('requestOtp', 'ask for one for an unknown address', {
    body: { email: 'nobody.{{$randomUUID}}@example.com', purpose: 'login' },
    tests: [
      `pm.test('is answered as a known address is', () => {`,
      `  pm.expect(pm.response.text()).to.equal(pm.collectionVariables.get('codeAnswer'));`,
      `});`,
    ],
  }),
  refusal('verifyOtp', 'present it for another purpose', 400, 'invalid_otp', {
    before: fresh,
    body: { email, purpose: 'reset_password', otp: '{{otp}}' },
  }),
  step('verifyOtp', 'log in by the code', {
    body: { email, purpose: 'login', otp: '{{otp}}' },
    tests: keep({ olgaToken: 'accessToken' }),
  }),
  step('showMe', 'who logged in by it', {
    as: 'olgaToken',
    tests: [
      `pm.test('is olga', () => {`,
      `  pm.expect(pm.response.json().email).to.equal(pm.collectionVariables.get('olgaEmail'));`,
      `});`,
    ],
  }),
  step('requestOtp', 'ask for another code to log in', { body: { email, purpose: 'login' } }),
  step('verifyOtp', 'log in by the token beside the code, with a cookie', {
    before: fresh,
    query: { transport: 'cookie' },
    headers: { Origin: '{{baseUrl}}' },
    body: { email, purpose: 'login', otp: '{{otpToken}}' },
    tests: [
      `pm.test('keeps the refresh token in the cookie', () => {`,
      `  pm.expect(pm.response.json()).to.have.property('accessToken');`,
      `  pm.expect(pm.response.json()).to.not.have.property('refreshToken');`,
      `});`,
    ],
  }),
  step('requestOtp', 'ask for a code to reset the password', { body: { email, purpose: 'reset_password' } }),
  step('verifyOtp', 'get a reset token by it', {
    before: fresh,
    body: { email, purpose: 'reset_password', otp: '{{otp}}' },
    tests: keep({ resetToken: 'resetToken' }),
  }),
  step('resetPassword', 'set a password with it', { body: { resetToken: '{{resetToken}}' } }),
  isOut('olgaToken', 'a reset ends every session'),
  refusal('verifyOtp', 'present a code nobody asked for', 400, 'invalid_otp', {
    body: { email: 'nobody.{{$randomUUID}}@example.com', purpose: 'login' },
  }),
];
