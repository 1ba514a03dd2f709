import { DependencyUnavailable } from '../stores/dependency-unavailable';
import { outcomeOf } from '../testing/answers';
import { ApiClient, logIn, signUpAdmin, type TestUser, type Tokens } from '../testing/api-client';
import { atOnce } from '../testing/at-once';
import { createTestApp, type TestApp } from '../testing/test-app';

const HOME = '192.0.2.10';
const ELSEWHERE = '203.0.113.9';
const DAY_MS = 86_400_000;

describe('the allow-list of the admin surface', () => {
  let test: TestApp;
  let admin: TestUser & Tokens;
  let token: string;
  beforeAll(async () => {
    test = await createTestApp({ env: { RATE_LIMIT_GLOBAL: '100000/1000', ACCESS_TOKEN_TTL: '3600' } });
    admin = await signUpAdmin(test);
  });
  beforeEach(async () => {
    await test.services.allowlist.open({ actorId: null, address: 'local', requestId: 'test' });
    token = (await logIn(test, admin)).accessToken;
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => test.close());

  const from = (address: string) => new ApiClient(test.app, address);
  const show = (address = HOME) => from(address).get('/admin/allowlist', token);
  const add = (body: object, address = HOME) => from(address).post('/admin/allowlist', body, token);
  const remove = async (id: string, address = HOME) =>
    outcomeOf(await from(address).call('delete', `/admin/allowlist/${id}`, undefined, token));
  const open = async (query: string, address = HOME) =>
    outcomeOf(await from(address).call('delete', `/admin/allowlist${query}`, undefined, token));

  it('lets all in while it has no entry', async () => {
    for (const address of [HOME, ELSEWHERE]) {
      expect((await show(address)).body).toEqual({ active: false, entries: [] });
    }
  });

  it('lets in those listed alone from its first entry on', async () => {
    const added = await add({ cidr: '192.0.2.9/24', note: 'the office' });
    expect(added.status).toBe(201);
    expect(added.body).toEqual({
      id: expect.any(String),
      cidr: '192.0.2.0/24',
      note: 'the office',
      expiresAt: null,
    });
    expect((await show()).body).toEqual({ active: true, entries: [added.body] });
    expect((await show('192.0.2.200')).status).toBe(200);
    expect((await show('::ffff:192.0.2.200')).status).toBe(200);
    for (const address of [ELSEWHERE, '2001:db8::1', 'unknown', '192.0.2.1x', '0300.0.2.10']) {
      expect(outcomeOf(await show(address))).toBe('403 address_not_allowed');
    }
  });

  it('is never instead of the role', async () => {
    expect((await add({ cidr: HOME })).status).toBe(201);
    expect(outcomeOf(await from(HOME).get('/admin/allowlist'))).toBe('401 unauthenticated');
    expect(outcomeOf(await from(ELSEWHERE).get('/admin/allowlist'))).toBe('401 unauthenticated');
    const { accessToken } = (await from(HOME).post('/auth/guest')).body;
    expect(outcomeOf(await from(ELSEWHERE).get('/admin/allowlist', accessToken))).toBe('403 forbidden');
  });

  it('takes the address from trusted proxies alone', async () => {
    const direct = await createTestApp({ env: { TRUST_PROXY: 'false' } });
    try {
      const own = await signUpAdmin(direct);
      const client = new ApiClient(direct.app, HOME);
      // The test's own connection comes from the loopback address, whatever the header says.
      const refused = await client.post('/admin/allowlist', { cidr: HOME }, own.accessToken);
      expect(outcomeOf(refused)).toBe('409 would_lock_out');
      const added = await client.post('/admin/allowlist', { cidr: '127.0.0.1' }, own.accessToken);
      expect(added.status).toBe(201);
      expect((await client.get('/admin/allowlist', own.accessToken)).status).toBe(200);
    } finally {
      await direct.close();
    }
  });

  it('refuses what would lock its author out, and changes nothing by it', async () => {
    expect(outcomeOf(await add({ cidr: ELSEWHERE }))).toBe('409 would_lock_out');
    expect(outcomeOf(await add({ cidr: HOME, ttl: 3600 }))).toBe('409 would_lock_out');
    expect((await show()).body.active).toBe(false);
    const { id } = (await add({ cidr: HOME })).body;
    expect((await add({ cidr: ELSEWHERE, ttl: 3600 })).status).toBe(201);
    expect(await remove(id)).toBe('409 would_lock_out');
    // Nor may whoever is let in for a while.
    expect(await remove(id, ELSEWHERE)).toBe('409 would_lock_out');
    expect((await show()).status).toBe(200);
  });

  it('admits nobody by an expired entry, and is not opened by it', async () => {
    await add({ cidr: HOME });
    const added = await add({ cidr: ELSEWHERE, ttl: 60 });
    expect(Date.parse(added.body.expiresAt)).toBeGreaterThan(test.clock.now());
    expect((await show(ELSEWHERE)).status).toBe(200);
    test.clock.advance(60_000);
    expect(outcomeOf(await show(ELSEWHERE))).toBe('403 address_not_allowed');
    expect((await show()).body.entries).toHaveLength(2);
    await test.database.run((prisma) => prisma.allowlistEntry.deleteMany({ where: { expiresAt: null } }));
    test.clock.advance(DAY_MS);
    token = (await logIn(test, admin)).accessToken;
    expect(outcomeOf(await show())).toBe('403 address_not_allowed');
  });

  it('is emptied only by saying so', async () => {
    await add({ cidr: HOME });
    expect(await open('')).toBe('400 validation_failed');
    expect(await open('?open=false')).toBe('400 validation_failed');
    expect(await open('?open=true', ELSEWHERE)).toBe('403 address_not_allowed');
    expect(await open('?open=true')).toBe('204');
    expect((await show(ELSEWHERE)).body).toEqual({ active: false, entries: [] });
  });

  it.each([{ cidr: 'localhost' }, { cidr: '10.0.0.0/33' }, { cidr: HOME, ttl: 0 }, { cidr: HOME, x: 1 }, {}])(
    'refuses %j',
    async (body) => {
      expect(outcomeOf(await add(body))).toBe('400 validation_failed');
    },
  );

  it('knows no entry that there is not', async () => {
    await add({ cidr: HOME });
    expect(await remove('0190b0a4-0000-7000-8000-000000000000')).toBe('404 not_found');
    expect(await remove('x')).toBe('404 not_found');
  });

  it('is changed by a fresh session alone', async () => {
    test.clock.advance(15 * 60_000);
    for (const outcome of [
      outcomeOf(await add({ cidr: HOME })),
      await remove('0190b0a4-0000-7000-8000-000000000000'),
      await open('?open=true'),
    ]) {
      expect(outcome).toBe('403 reauthentication_required');
    }
    expect((await show()).status).toBe(200);
    expect((await from(HOME).post('/auth/reauthenticate', { password: admin.password }, token)).status).toBe(
      204,
    );
    expect((await add({ cidr: HOME })).status).toBe(201);
  });

  it('does not let two remove each other’s entry at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      await test.services.allowlist.open({ actorId: null, address: 'local', requestId: 'test' });
      const home = (await add({ cidr: HOME })).body;
      await add({ cidr: ELSEWHERE });
      const away = (await show()).body.entries[1];
      const outcomes = await atOnce(64, (index) =>
        index % 2 === 0 ? remove(home.id, ELSEWHERE) : remove(away.id, HOME),
      );
      expect(outcomes.filter((outcome) => outcome === '204')).toHaveLength(1);
      const { body, status } = await show(outcomes[0] === '204' ? ELSEWHERE : HOME);
      const stillIn = status === 200 ? body : (await show(ELSEWHERE)).body;
      expect(stillIn.entries).toHaveLength(1);
    }
  }, 30_000);

  it('lets nobody in while it cannot be read', async () => {
    await add({ cidr: HOME });
    test.clock.advance(1_000);
    const away = new DependencyUnavailable('postgresql', new Error('away'));
    jest.spyOn(test.backends.allowlistStore, 'list').mockRejectedValueOnce(away);
    expect(outcomeOf(await show())).toBe('503 dependency_unavailable');
    expect((await show()).status).toBe(200);
  });

  it('is in force on another instance within 2 s', async () => {
    const other = await createTestApp({ databaseUrl: test.databaseUrl });
    try {
      other.clock.advance(test.clock.offset);
      const there = new ApiClient(other.app, ELSEWHERE);
      // The session is not in the store of that process: it comes from the record.
      expect((await there.get('/admin/allowlist', token)).status).toBe(200);
      await add({ cidr: HOME });
      other.clock.advance(2_000);
      expect(outcomeOf(await there.get('/admin/allowlist', token))).toBe('403 address_not_allowed');
    } finally {
      await other.close();
    }
  });

  it('is told of in the audit trail', async () => {
    const { id } = (await add({ cidr: HOME })).body;
    await add({ cidr: '192.0.2.11' });
    await remove(id, '192.0.2.11');
    await open('?open=true', '192.0.2.11');
    const events = await test.database.run((prisma) =>
      prisma.auditEvent.findMany({
        where: { type: 'authz_admin', actorId: { not: null } },
        orderBy: { id: 'desc' },
        take: 4,
      }),
    );
    expect(events.map(({ details }) => JSON.parse(details)).reverse()).toEqual([
      { what: 'allow-list entry added', entryId: id, bits: 32, expiresAt: null },
      { what: 'allow-list entry added', entryId: expect.any(String), bits: 32, expiresAt: null },
      { what: 'allow-list entry removed', entryId: id, bits: 32 },
      { what: 'allow-list opened', entries: 1 },
    ]);
  });
});
