import { step } from './steps.mjs';

/** Keeps how many admins could go on without the one that the flow knows of. */
export function countAdmins(name) {
  return step('listUsers', name, {
    as: 'adminToken',
    query: { role: 'ADMIN', status: 'active' },
    tests: [`pm.collectionVariables.set('activeAdmins', String(pm.response.json().users.length));`],
  });
}
