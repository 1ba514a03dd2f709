import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { outcomeOf } from '../testing/answers';
import { ApiClient, logIn, signUp, signUpAdmin, type TestUser, type Tokens } from '../testing/api-client';
import { createTestApp, type TestApp } from '../testing/test-app';

interface Event {
  readonly id: string;
  readonly at: string;
  readonly type: string;
  readonly outcome: string;
  readonly actorId: string | null;
  readonly subjectId: string | null;
  readonly address: string | null;
  readonly requestId: string;
  readonly details: Record<string, unknown>;
}

describe('the audit trail of the admin surface', () => {
  let test: TestApp;
  let admin: TestUser & Tokens & { readonly id: string };
  let client: ApiClient;
  beforeAll(async () => {
    test = await createTestApp({ env: { RATE_LIMIT_GLOBAL: '100000/1000', ACCESS_TOKEN_TTL: '3600' } });
    admin = await signUpAdmin(test);
    client = new ApiClient(test.app);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => test.close());

  const list = (query = '') => client.get(`/admin/audit-events${query}`, admin.accessToken);
  const events = async (query = ''): Promise<Event[]> => (await list(query)).body.events;
  const exported = (query = '') => client.get(`/admin/audit-events/export${query}`, admin.accessToken);
  const lines = (text: string): Event[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Event);
  const exports = () => test.database.run((prisma) => prisma.auditExport.findMany());

  it('shows each act with who, what, whom, when, from where and in which request', async () => {
    const user = await signUp(test);
    const tokens = await logIn(test, user, client);
    const { id } = (await client.get('/users/me', tokens.accessToken)).body;
    const before = Date.now();
    const renamed = await client.call('patch', '/users/me', { username: 'Grace' }, tokens.accessToken);
    const [event, login, ...earlier] = await events(`?userId=${id}`);
    expect(event).toEqual({
      id: expect.any(String),
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      type: 'user_updated',
      outcome: 'success',
      actorId: id,
      subjectId: id,
      address: client.address,
      requestId: renamed.headers['x-request-id'],
      details: { what: 'username' },
    });
    expect(Date.parse(String(event?.at))).toBeGreaterThanOrEqual(before);
    expect(login).toMatchObject({ type: 'authn_login_success', details: { method: 'password' } });
    expect(earlier.map(({ type }) => type)).toEqual(['user_updated', 'user_created']);
    expect(JSON.stringify([event, login, earlier])).not.toContain(user.email);
  });

  it('keeps ids and no address of a user who is gone', async () => {
    const user = await signUp(test);
    const { accessToken } = await logIn(test, user);
    const { id } = (await client.get('/users/me', accessToken)).body;
    expect((await client.call('delete', '/users/me', { password: user.password }, accessToken)).status).toBe(
      204,
    );
    const [deletion, ...before] = await events(`?userId=${id}`);
    expect(deletion).toMatchObject({ type: 'user_deleted', actorId: id, subjectId: id });
    expect([deletion, ...before].map(({ address }: Event = {} as Event) => address)).toEqual(
      before.map(() => null).concat(null),
    );
  });

  it('is filtered, and read page by page to its end', async () => {
    const all = await events('?limit=100&type=authn_login_success');
    expect(all.length).toBeGreaterThan(2);
    expect(all.every(({ type }) => type === 'authn_login_success')).toBe(true);
    const seen: Event[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await list(`?limit=2&type=authn_login_success${cursor}`);
      seen.push(...body.events);
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
      await logIn(test, admin);
    }
    expect(seen).toEqual(all);
    const times = (await events('?limit=100')).map(({ at }) => at);
    const [to, from] = [times[1], times[4]];
    const between = await events(`?from=${from}&to=${to}`);
    expect(between.map(({ at }) => at)).toEqual(times.filter((at) => at >= String(from) && at < String(to)));
  });

  it.each([
    'limit=0',
    'limit=101',
    'limit=x',
    'userId=x',
    'userId=0190B0A4-0000-7000-8000-000000000000',
    'type=x',
    'from=yesterday',
    'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z',
    'from=2026-01-02T00:00:00Z&to=2026-01-02T00:00:00Z',
    'x=1',
    'cursor=',
    'cursor=x',
    `cursor=${'A'.repeat(21)}`,
    `cursor=${'A'.repeat(21)}B`,
    `cursor=${'A'.repeat(23)}`,
    `cursor=${'%00'.repeat(22)}`,
    `cursor=${'A'.repeat(65)}`,
    'limit=1&limit=2',
    'cursor[a]=b',
  ])('refuses ?%s', async (query) => {
    expect(outcomeOf(await list(`?${query}`))).toBe('400 validation_failed');
  });

  it.each(['limit=1', 'userId=x', 'from=x', 'to=2026-02-30T00:00:00Z'])(
    'does not export by ?%s',
    async (query) => {
      expect(outcomeOf(await exported(`?${query}`))).toBe('400 validation_failed');
    },
  );

  it('takes every cursor, and every time, that it can read', async () => {
    const nil = Buffer.alloc(16).toString('base64url');
    expect((await list(`?cursor=${nil}`)).body).toEqual({ events: [], nextCursor: null });
    for (const time of ['0000-01-01T00:00:00Z', '1969-12-31T23:59:59Z', '9999-12-31T23:59:59.999Z']) {
      expect((await list(`?from=${time}`)).status).toBe(200);
      expect((await list(`?to=${time}`)).status).toBe(200);
      expect((await exported(`?from=${time}`)).status).toBe(200);
      expect((await exported(`?to=${time}`)).status).toBe(200);
    }
    const zoned = (await events('?limit=1'))[0]?.at.replace('Z', '%2B00:00');
    expect((await events(`?from=${zoned}&limit=1`)).length).toBe(1);
  });

  it('is no matter of users', async () => {
    const user = await logIn(test, await signUp(test));
    for (const path of ['/admin/audit-events', '/admin/audit-events/export']) {
      expect(outcomeOf(await client.get(path, user.accessToken))).toBe('403 forbidden');
      expect(outcomeOf(await client.get(path))).toBe('401 unauthenticated');
    }
  });

  describe('exported', () => {
    it('is one event a line, the oldest first, as the list shows them', async () => {
      const listed = await events('?limit=100');
      const response = await exported();
      expect(response.status).toBe(200);
      expect(response.headers['content-type']).toBe('application/x-ndjson');
      expect(response.headers['cache-control']).toBe('no-store');
      const told = lines(response.text);
      expect(told.slice(0, -1).toReversed().slice(0, 100)).toEqual(listed);
      expect(told.at(-1)).toMatchObject({ type: 'sensitive_read', outcome: 'attempted', actorId: admin.id });
    });

    it('is told of before and after, and counts once it is complete', async () => {
      const known = (await exports()).length;
      await test.backends.auditSealer.seal();
      const begun = test.clock.now();
      const response = await exported('?from=2026-01-01T00:00:00Z');
      const [done, attempt] = await events('?type=sensitive_read&limit=2');
      const requestId = response.headers['x-request-id'];
      const details = {
        what: 'audit export',
        from: '2026-01-01T00:00:00.000Z',
        exportId: expect.any(String),
      };
      expect(attempt).toMatchObject({ outcome: 'attempted', actorId: admin.id, requestId, details });
      expect(done).toMatchObject({
        outcome: 'success',
        actorId: admin.id,
        requestId,
        details: { ...attempt?.details, events: lines(response.text).length },
      });
      const [row] = (await exports()).slice(known);
      expect(row).toMatchObject({ id: attempt?.details['exportId'], from: new Date('2026-01-01T00:00:00Z') });
      // It covers what was sealed, and no time that was still to come.
      expect(Number(row?.throughSeq)).toBe(attempt?.details['throughSeq']);
      expect(row?.to.getTime()).toBeGreaterThanOrEqual(begun);
      expect(row?.to.getTime()).toBeLessThanOrEqual(test.clock.now());
    });

    it('does not count where its end cannot be told of, and its client sees that', async () => {
      const known = (await exports()).length;
      jest.spyOn(test.backends.auditExports, 'complete').mockRejectedValueOnce(new Error('away'));
      await expect(exported()).rejects.toThrow();
      expect(await exports()).toHaveLength(known);
    });

    it('is not read by HEAD', async () => {
      const known = (await exports()).length;
      const walk = jest.spyOn(test.backends.auditReader, 'walk');
      const response = await request(test.app)
        .head('/api/v1/admin/audit-events/export')
        .set('Authorization', `Bearer ${admin.accessToken}`);
      expect(response.status).toBe(200);
      expect(walk).not.toHaveBeenCalled();
      expect(await exports()).toHaveLength(known);
    });
  });

  describe('exported from a large trail', () => {
    let server: Server;
    beforeAll(async () => {
      await test.database.run((prisma) =>
        prisma.$executeRawUnsafe(`
          INSERT INTO audit_events (id, at, type, outcome, request_id, details, key_id, mac)
          SELECT ('0190b0a4-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '2024-07-14T12:00:00Z', 'authz_fail',
            'failure', 'x', '{"text":"' || repeat('x', 2000) || '"}', 'x', '' FROM generate_series(1, 15000) AS n`),
      );
      server = createServer(test.app).listen(0, '127.0.0.1');
      await once(server, 'listening');
    });
    afterAll(() => {
      server.closeAllConnections();
      server.close();
    });

    const PATH = '/api/v1/admin/audit-events/export?to=2025-01-01T00:00:00Z';
    async function ask(): Promise<IncomingMessage> {
      const sent = httpRequest({
        host: '127.0.0.1',
        port: (server.address() as AddressInfo).port,
        path: PATH,
        headers: { Authorization: `Bearer ${admin.accessToken}`, 'X-Forwarded-For': '198.18.200.1' },
      });
      sent.end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      return response;
    }

    it('comes whole', async () => {
      let count = 0;
      for await (const chunk of await ask()) count += String(chunk).split('\n').length - 1;
      expect(count).toBe(15_000);
    });

    it('stops being read when the client leaves, and does not count', async () => {
      const known = (await exports()).length;
      const errors = test.logged.filter((line) => line.includes('"level":50')).length;
      let batches = 0;
      const ended = new Promise<void>((resolve) => {
        const walk = test.backends.auditReader.walk.bind(test.backends.auditReader);
        jest.spyOn(test.backends.auditReader, 'walk').mockImplementation(async function* (range) {
          try {
            for await (const batch of walk(range)) {
              batches += 1;
              yield batch;
            }
          } finally {
            resolve();
          }
        });
      });
      const response = await ask();
      response.on('error', () => {});
      await once(response, 'data');
      response.destroy();
      await ended;
      expect(batches).toBeLessThan(60);
      expect(await exports()).toHaveLength(known);
      expect((await events('?type=sensitive_read&limit=1'))[0]).toMatchObject({ outcome: 'attempted' });
      expect(test.logged.filter((line) => line.includes('"level":50'))).toHaveLength(errors);
    });
  });
});
