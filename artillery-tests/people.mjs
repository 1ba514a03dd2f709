// Who is there before the load.
import { post, signUp } from '../bench/service.mjs';

/** The first admin, by the settings of the service. */
export const ADMIN = { email: 'root@example.com', password: 'copper-harbour-93' };
const SIGN_UPS_AT_ONCE = 4;

/** Accounts that are there before the load, each registered from an address of its own. */
export async function signUpPeople(service, { people: count, atHome }) {
  const people = Array.from({ length: count }, (_, n) => ({
    email: `person-${n}@example.com`,
    username: `Person ${n}`,
    password: `violet-lantern-${47 + n}`,
    address: `203.0.113.${n + 1}`,
  }));
  for (let n = 0; n < count; n += SIGN_UPS_AT_ONCE) {
    await Promise.all(
      people.slice(n, n + SIGN_UPS_AT_ONCE).map(async ({ address, ...person }) => {
        const from = { 'X-Forwarded-For': address };
        await signUp(service, person, from);
        // From now on that address is known.
        if (atHome) await logIn(service, person, from);
      }),
    );
  }
  return people;
}

export async function logIn(service, { email, password }, headers) {
  const answer = await post(service, '/auth/login', { email, password }, headers);
  if (answer.status !== 200) throw new Error(`login answered ${answer.status}`);
  return answer.json();
}
