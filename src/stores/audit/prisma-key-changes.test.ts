import { randomBytes } from 'node:crypto';
import { atOnce } from '../../testing/at-once';
import { TestAudit } from '../../testing/test-audit';
import { PrismaKeyChanges } from './prisma-key-changes';

const KEYS = { signingKeys: ['kid-1'], peppers: ['pepper-1'] };

it('tells of listed keys once, and again when they are others or in another order', async () => {
  const [first, second] = [randomBytes(32), randomBytes(32)];
  const audit = await TestAudit.create([first]);
  const changes = (...keys: Buffer[]) => {
    const { trail, seal } = audit.beside(keys);
    return new PrismaKeyChanges(trail, seal);
  };
  expect(await changes(first).note(KEYS)).toBe(true);
  expect(await changes(first).note(KEYS)).toBe(false);
  expect(await changes(first).note({ ...KEYS, signingKeys: ['kid-1', 'kid-2'] })).toBe(true);
  expect(await changes(first).note({ ...KEYS, peppers: ['pepper-2'] })).toBe(true);
  expect(await changes(first, second).note(KEYS)).toBe(true);
  expect(await changes(second, first).note(KEYS)).toBe(true);
  // Whatever else happens meanwhile.
  await audit.write(3);
  expect(await changes(second, first).note(KEYS)).toBe(false);
  const { events } = await audit.beside([second, first]).reader.list({ limit: 100 });
  const told = events.filter(({ details }) => details['what'] === 'keys changed');
  expect(told).toHaveLength(5);
  expect(told[0]).toMatchObject({
    type: 'authz_admin',
    outcome: 'success',
    actorId: null,
    address: 'local',
    requestId: 'start',
    details: { signingKeys: 'kid-1', peppers: 'pepper-1' },
  });
  expect(told[0]?.details['secretKeys']).toMatch(/^[\w-]{11},[\w-]{11}$/);
  expect(JSON.stringify(told)).not.toContain(first.toString('base64url').slice(0, 8));
  await audit.close();
});

it('is told of by one of 64 instances that start at once', async () => {
  const audit = await TestAudit.create();
  const noted = await atOnce(64, () => new PrismaKeyChanges(audit.trail, audit.seal).note(KEYS));
  expect(noted.filter((told) => told)).toHaveLength(1);
  expect(audit.told).toHaveLength(1);
  await audit.close();
});
