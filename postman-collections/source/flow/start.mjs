// Who the other folders act as: an admin, a user, a guest. Limits go by address, so this machine's is looked up.
import { keep } from '../scripts.mjs';
import { makeRoom, signUp, step } from './steps.mjs';

export const start = [
  step('login', 'log the admin in', {
    body: { email: '{{adminEmail}}', password: '{{adminPassword}}' },
    tests: [
      ...keep({ adminToken: 'accessToken', adminId: 'user.id' }),
      `pm.test('is an admin', () => pm.expect(pm.response.json().user.role).to.equal('ADMIN'));`,
    ],
  }),
  step('listSessions', 'see from which address this machine comes', {
    as: 'adminToken',
    tests: [
      `const current = pm.response.json().sessions.find((session) => session.current);`,
      `pm.collectionVariables.set('ownAddress', current.address);`,
    ],
  }),
  makeRoom('start'),
  step('guest', 'get a guest token', { tests: keep({ guestToken: 'accessToken' }) }),
  ...signUp('user'),
];
