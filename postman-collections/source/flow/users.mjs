// The signed-in user.
import { newAddress, onlyWithOneAdmin, takeMail } from '../scripts.mjs';
import { countAdmins } from './admins.mjs';
import { isOut, makeRoom, OTHER_PASSWORD, PASSWORD, refusal, signUp, step } from './steps.mjs';

const as = 'umaToken';

export const users = [
  makeRoom('users'),
  ...signUp('uma'),
  step('showMe', 'show myself', { as }),
  step('showMe', 'show myself as a guest', {
    as: 'guestToken',
    tests: [`pm.test('is a guest', () => pm.expect(pm.response.json().role).to.equal('GUEST'));`],
  }),
  step('changeMe', 'change my name', {
    as,
    body: { username: 'Uma Thorvald' },
    tests: [
      `pm.test('has the new name', () => pm.expect(pm.response.json().username).to.equal('Uma Thorvald'));`,
    ],
  }),
  refusal('changeMe', 'take a name that is too short', 400, 'validation_failed', {
    as,
    path: 'username',
    body: { username: 'U' },
  }),
  step('login', 'log in on another device', {
    body: { email: '{{umaEmail}}', password: PASSWORD },
    tests: [`pm.collectionVariables.set('otherToken', pm.response.json().accessToken);`],
  }),
  step('listSessions', 'list my sessions', {
    as,
    tests: [
      `const others = pm.response.json().sessions.filter((session) => !session.current);`,
      `pm.test('shows the other one', () => pm.expect(others).to.have.lengthOf(1));`,
      `pm.collectionVariables.set('otherSessionId', others[0].id);`,
    ],
  }),
  step('endSession', 'end the other one', { as, params: { id: '{{otherSessionId}}' } }),
  isOut('otherToken', 'that device is out'),
  refusal('endSession', 'end it again', 404, 'not_found', { as, params: { id: '{{otherSessionId}}' } }),
  step('exportMe', 'get all that is held about me', {
    as,
    tests: [
      `pm.test('is about me', () => {`,
      `  pm.expect(pm.response.json().user.email).to.equal(pm.collectionVariables.get('umaEmail'));`,
      `});`,
    ],
  }),
  refusal('changePassword', 'change the password without knowing it', 403, 'invalid_credentials', {
    as,
    body: { currentPassword: 'lantern-violet-74', newPassword: OTHER_PASSWORD },
  }),
  refusal('changePassword', 'change it to one that is too short', 400, 'validation_failed', {
    as,
    path: 'newPassword',
    body: { currentPassword: PASSWORD, newPassword: 'short' },
  }),
  step('changePassword', 'change the password', {
    as,
    body: { currentPassword: PASSWORD, newPassword: OTHER_PASSWORD },
  }),
  refusal('requestEmailChange', 'ask for another address with a wrong password', 403, 'invalid_credentials', {
    as,
    body: { password: PASSWORD },
  }),
  step('requestEmailChange', 'ask for another address', {
    as,
    before: newAddress('umaNewEmail', 'uma.new'),
    body: { newEmail: '{{umaNewEmail}}', password: OTHER_PASSWORD },
  }),
  refusal('confirmEmailChange', 'confirm it with a wrong code', 400, 'invalid_otp', {
    as,
    before: takeMail('umaNewEmail', 'code'),
    body: { otp: '{{wrongOtp}}' },
  }),
  step('confirmEmailChange', 'confirm it', {
    as,
    body: { otp: '{{otp}}' },
    tests: [
      `pm.test('has the new address', () => {`,
      `  pm.expect(pm.response.json().email).to.equal(pm.collectionVariables.get('umaNewEmail'));`,
      `});`,
    ],
  }),
  refusal('removeMe', 'remove myself with a wrong password', 403, 'invalid_credentials', {
    as,
    body: { password: PASSWORD },
  }),
  step('removeMe', 'remove myself', { as, body: { password: OTHER_PASSWORD } }),
  isOut(as, 'I am gone'),
  countAdmins('how many admins there are'),
  refusal('removeMe', 'remove the last admin', 409, 'last_admin', {
    as: 'adminToken',
    before: onlyWithOneAdmin,
    body: { password: '{{adminPassword}}' },
  }),
];
