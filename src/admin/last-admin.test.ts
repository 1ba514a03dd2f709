import { uuidv7 } from 'uuidv7';
import { countOutcomes } from '../testing/answers';
import { ApiClient, beginSession, newUser } from '../testing/api-client';
import { atOnce } from '../testing/at-once';
import { createTestApp } from '../testing/test-app';

/** What one admin may do to another, or to oneself, by which one fewer would be left. */
const LEAVING = [
  { method: 'patch', body: { role: 'USER' } },
  { method: 'patch', body: { disabled: true } },
  { method: 'delete', body: undefined },
] as const;

it('leaves an active admin, whatever two do to each other and themselves at once, 100 times', async () => {
  const test = await createTestApp({
    env: { RATE_LIMIT_GLOBAL: '1000000/1000', RATE_LIMIT_REAUTH: '1000/1' },
  });
  try {
    const activeAdmins = () =>
      test.database.run((prisma) =>
        prisma.user.findMany({ where: { role: 'ADMIN', disabledAt: null }, select: { id: true } }),
      );
    let refused = 0;
    const password = 'violet-lantern-47';
    const passwordHash = await test.services.passwordHasher.hash(password);
    const arrive = async () => {
      const { email, username } = newUser();
      const at = new Date(test.clock.now());
      const times = { emailVerifiedAt: at, registeredAt: at, createdAt: at };
      const { id } = await test.database.run((prisma) =>
        prisma.user.create({
          data: { id: uuidv7(), email, username, passwordHash, role: 'ADMIN', ...times },
        }),
      );
      return { id, ...(await beginSession(test, { email })) };
    };
    for (let round = 0; round < 100; round += 1) {
      // Whoever is left of the last round takes no part: the session may be dead.
      await test.database.run((prisma) => prisma.user.deleteMany({ where: { role: 'ADMIN' } }));
      const pair = [await arrive(), await arrive()] as const;
      const answers = await atOnce(16, (index) => {
        const actor = pair[index % 2] ?? pair[0];
        const other = pair[(index + 1) % 2] ?? pair[0];
        const target = index % 8 < 6 ? other : actor;
        const client = new ApiClient(test.app);
        if (target === actor && index % 4 === 3) {
          return client.call('delete', '/users/me', { password }, actor.accessToken);
        }
        const { method, body } = LEAVING[(index + round) % LEAVING.length] ?? LEAVING[0];
        return client.call(method, `/admin/users/${target.id}`, body, actor.accessToken);
      });
      const outcomes = countOutcomes(answers);
      expect(Object.keys(outcomes).filter((outcome) => /^5|^429/.test(outcome))).toEqual([]);
      expect((await activeAdmins()).length).toBe(1);
      refused += outcomes['409 last_admin'] ?? 0;
    }
    // The guard was really met.
    expect(refused).toBeGreaterThan(100);
  } finally {
    await test.close();
  }
}, 120_000);
