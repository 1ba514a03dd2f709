// Steps that more than one folder takes.
import { keep, newAddress, takeMail } from '../scripts.mjs';

export const PASSWORD = 'violet-lantern-47';
export const OTHER_PASSWORD = 'copper-harbour-93';

const refused = (status, code, path) => ({ expect: { status, code, ...(path !== undefined && { path }) } });

/** A step that ends in its operation's success. */
export function step(operation, name, more = {}) {
  return { operation, name, ...more };
}

/** A step that ends in a problem. */
export function refusal(operation, name, status, code, { path, ...more } = {}) {
  return { operation, name, ...refused(status, code, path), ...more };
}

/** Fills every limit of this machine's address, as each folder needs some of them. */
export function makeRoom(where) {
  return step('releaseLimits', `make room in the limits (${where})`, {
    as: 'adminToken',
    body: { replaced: { address: '{{ownAddress}}' } },
  });
}

/** Registers somebody new; the address is kept in `<who>Email`. */
export function register(who) {
  const variable = `${who}Email`;
  return step('register', `register ${who}`, {
    before: newAddress(variable, who),
    body: { email: `{{${variable}}}`, password: PASSWORD },
  });
}

export function verify(who) {
  return step('verifyOtp', `verify the address of ${who}`, {
    before: takeMail(`${who}Email`, 'code'),
    body: { email: `{{${who}Email}}`, purpose: 'verify_email', otp: '{{otp}}' },
    tests: [`pm.test('is verified', () => pm.expect(pm.response.json()).to.eql({ verified: true }));`],
  });
}

/** Logs in by password, and keeps what later steps need in `<who>Token`, `<who>RefreshToken`, `<who>Id`. */
export function logIn(who, name = `log ${who} in`, password = PASSWORD) {
  return step('login', name, {
    body: { email: `{{${who}Email}}`, password },
    tests: keep({
      [`${who}Token`]: 'accessToken',
      [`${who}RefreshToken`]: 'refreshToken',
      [`${who}Id`]: 'user.id',
    }),
  });
}

/** A verified account, and a session of it. */
export function signUp(who) {
  return [register(who), verify(who), logIn(who)];
}

/** The session behind this variable has ended. */
export function isOut(token, name) {
  return refusal('showMe', name, 401, 'invalid_token', { as: token });
}
