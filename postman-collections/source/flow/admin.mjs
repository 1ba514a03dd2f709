// Administration of users, the audit trail and the allow-list.
import { keep, onlyWithOneAdmin } from '../scripts.mjs';
import { countAdmins } from './admins.mjs';
import { isOut, logIn, makeRoom, PASSWORD, refusal, signUp, step } from './steps.mjs';

const as = 'adminToken';
const params = { id: '{{boId}}' };
const bo = { email: '{{boEmail}}', password: PASSWORD };
const standing = (change) => ({ as, params, body: { replaced: change } });
const has = (member, value) => [
  `pm.test('${member} is ${value}', () => pm.expect(pm.response.json().${member}).to.equal(${JSON.stringify(value)}));`,
];

/** Keeps what is on the first page of a list, and where the next begins. */
const firstPage = (list) => [
  ...keep({ cursor: 'nextCursor' }),
  `pm.collectionVariables.set('firstPage', JSON.stringify(pm.response.json().${list}.map(({ id }) => id)));`,
];
const anotherPage = (list) => [
  `pm.test('is another page', () => {`,
  `  const ids = pm.response.json().${list}.map(({ id }) => id);`,
  `  pm.expect(ids).to.not.be.empty;`,
  `  const first = JSON.parse(pm.collectionVariables.get('firstPage'));`,
  `  for (const id of ids) pm.expect(first).to.not.include(id);`,
  `});`,
];
const aboutBo = [
  `pm.test('is about that user', () => {`,
  `  const { events } = pm.response.json();`,
  `  pm.expect(events).to.not.be.empty;`,
  `  for (const { actorId, subjectId } of events) {`,
  `    pm.expect([actorId, subjectId]).to.include(pm.collectionVariables.get('boId'));`,
  `  }`,
  `});`,
];

const userSteps = [
  step('listUsers', 'find a user by address', {
    as,
    query: { q: '{{boEmail}}' },
    tests: [
      `pm.test('is found alone', () => {`,
      `  const ids = pm.response.json().users.map((user) => user.id);`,
      `  pm.expect(ids).to.eql([pm.collectionVariables.get('boId')]);`,
      `});`,
    ],
  }),
  step('listUsers', 'list users, one a page', {
    as,
    query: { limit: 1 },
    tests: firstPage('users'),
  }),
  step('listUsers', 'the next page', {
    as,
    query: { limit: 1, cursor: '{{cursor}}' },
    tests: anotherPage('users'),
  }),
  step('showUser', 'show a user', { as, params, tests: has('status', 'active') }),
  step('logOutUser', 'log a user out', { as, params }),
  isOut('boToken', 'the user is out'),
  step('startPasswordReset', 'mail a user a code for a new password', { as, params }),
  step('changeStanding', 'disable a user', {
    ...standing({ disabled: true, disabledReason: 'Asked for by the owner' }),
    tests: has('status', 'disabled'),
  }),
  refusal('login', 'log in with a disabled account', 403, 'account_disabled', { body: bo }),
  step('changeStanding', 'enable the user again', {
    ...standing({ disabled: false }),
    tests: has('status', 'active'),
  }),
  logIn('bo', 'log in again'),
  refusal('listUsers', 'list users as a user', 403, 'forbidden', { as: 'boToken' }),
  step('changeStanding', 'make the user an admin', {
    ...standing({ role: 'ADMIN' }),
    tests: has('role', 'ADMIN'),
  }),
  step('listUsers', 'list users with a token of before that', { as: 'boToken' }),
  step('changeStanding', 'make the admin a user again', {
    ...standing({ role: 'USER' }),
    tests: has('role', 'USER'),
  }),
  refusal('listUsers', 'list users with a token of that time', 403, 'forbidden', { as: 'boToken' }),
  countAdmins('count the admins'),
  refusal('changeStanding', 'take the role from the last admin', 409, 'last_admin', {
    as,
    before: onlyWithOneAdmin,
    params: { id: '{{adminId}}' },
    body: { replaced: { role: 'USER' } },
  }),
  refusal('removeUser', 'remove the last admin', 409, 'last_admin', {
    as,
    before: onlyWithOneAdmin,
    params: { id: '{{adminId}}' },
  }),
  step('removeUser', 'remove a user', { as, params }),
  refusal('showUser', 'show a user who is gone', 404, 'not_found', { as, params }),
];

const auditSteps = [
  step('listAuditEvents', 'what happened to that user', {
    as,
    query: { userId: '{{boId}}', limit: 2 },
    tests: [...aboutBo, ...firstPage('events')],
  }),
  step('listAuditEvents', 'what happened before', {
    as,
    query: { userId: '{{boId}}', limit: 2, cursor: '{{cursor}}' },
    tests: [...aboutBo, ...anotherPage('events')],
  }),
  step('exportAuditEvents', 'export the last hour', {
    as,
    before: [`pm.variables.set('anHourAgo', new Date(Date.now() - 3_600_000).toISOString());`],
    query: { from: '{{anHourAgo}}' },
  }),
];

const allowlistSteps = [
  step('openAllowlist', 'begin with an allow-list that is off', { as }),
  refusal('addToAllowlist', 'let in another network only', 409, 'would_lock_out', {
    as,
    body: { replaced: { cidr: '192.0.2.0/24' } },
  }),
  step('addToAllowlist', 'let in this machine', {
    as,
    body: { cidr: '{{ownAddress}}' },
    tests: keep({ ownEntryId: 'id' }),
  }),
  step('addToAllowlist', 'let in another network for a day', {
    as,
    body: { replaced: { cidr: '192.0.2.0/24', ttl: 86_400, note: 'The office' } },
    tests: keep({ officeEntryId: 'id' }),
  }),
  step('showAllowlist', 'show the allow-list', {
    as,
    tests: [
      `pm.test('is on, with both', () => {`,
      `  pm.expect(pm.response.json().active).to.equal(true);`,
      `  pm.expect(pm.response.json().entries).to.have.lengthOf(2);`,
      `});`,
    ],
  }),
  refusal('removeFromAllowlist', 'shut this machine out', 409, 'would_lock_out', {
    as,
    params: { id: '{{ownEntryId}}' },
  }),
  step('removeFromAllowlist', 'shut the other network out', { as, params: { id: '{{officeEntryId}}' } }),
  step('openAllowlist', 'open the allow-list', { as }),
  step('showAllowlist', 'show that it is off', { as, tests: has('active', false) }),
];

export const admin = [makeRoom('admin'), ...signUp('bo'), ...userSteps, ...auditSteps, ...allowlistSteps];
