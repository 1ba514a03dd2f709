import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { ApiClient, logIn, newUser, signUp } from '../testing/api-client';
import { codeIn } from '../testing/captured-mailer';
import { movedBy } from '../testing/metric-series';
import { eventually } from '../testing/redis-cluster';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

describe.each(stateKinds)('metrics over %s', (state) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp({ state });
  });
  afterAll(() => test.close());

  it('count each well-formed login once, by its outcome, and each success by its method', async () => {
    const [user, disabled, pending] = [await signUp(test), await signUp(test), newUser()];
    await test.database.run((db) =>
      db.user.update({ where: { email: disabled.email }, data: { disabledAt: new Date() } }),
    );
    await new ApiClient(test.app).post('/auth/register', pending);
    const login = (email: string, password: string, client = new ApiClient(test.app)) =>
      client.post('/auth/login', { email, password });
    const moved = await movedBy(test, /^(login_requests|auth_success)_total/, async () => {
      const client = new ApiClient(test.app);
      const { refreshToken } = await logIn(test, user, client);
      await client.post('/auth/refresh', { refreshToken });
      for (const email of [newUser().email, user.email]) await login(email, 'not this one');
      for (const { email, password } of [disabled, pending]) await login(email, password);
      for (let failed = 0; failed < 12; failed++) await login(newUser().email, 'x'.repeat(1025), client);
      const stranger = new ApiClient(test.app);
      await Promise.all(Array.from({ length: 12 }, () => login(user.email, user.password, stranger)));
      await client.post('/otp/request', { email: user.email, purpose: 'login' });
      await test.deliverMails();
      const otp = codeIn(test.mailer.to(user.email)[0]);
      for (let time = 0; time < 2; time++) {
        await client.post('/otp/verify', { email: user.email, purpose: 'login', otp });
      }
    });
    expect(moved).toEqual({
      'login_requests_total{outcome="success"}': 11,
      'login_requests_total{outcome="invalid_credentials"}': 2,
      'login_requests_total{outcome="account_disabled"}': 1,
      'login_requests_total{outcome="email_not_verified"}': 1,
      'login_requests_total{outcome="rate_limited"}': 2,
      'auth_success_total{method="password"}': 11,
      'auth_success_total{method="otp"}': 1,
    });
  });

  it('count one decision for each bucket, and each problem by its code', async () => {
    const client = new ApiClient(test.app);
    const moved = await movedBy(test, /^(rate_limits_|error_events_)/, async () => {
      await Promise.all(Array.from({ length: 12 }, () => client.post('/auth/guest')));
      await client.get('/users/me');
    });
    expect(moved).toEqual({
      'rate_limits_allowed{policy="global",mode="enforce"}': 13,
      'rate_limits_allowed{policy="guest",mode="enforce"}': 10,
      'rate_limits_blocked{policy="guest",mode="enforce"}': 2,
      'error_events_total{code="rate_limited"}': 2,
      'error_events_total{code="unauthenticated"}': 1,
    });
  });

  it('take a request from when its headers are there, before its body', async () => {
    const server = createServer(test.app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    try {
      const inFlight = async () => {
        const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
        return Number(/^http_requests_in_flight (\d+)$/m.exec(text)?.[1]);
      };
      await once(socket, 'connect');
      socket.write('POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n');
      // That of the scrape alone.
      expect(await inFlight()).toBe(1);
      socket.write('Content-Type: application/json\r\n\r\n{');
      await eventually(async () => expect(await inFlight()).toBe(2));
      const help = test.services.metrics.registry.getSingleMetricAsString('http_request_duration_seconds');
      expect(await help).toContain('Time from when the headers of a request are there');
    } finally {
      socket.destroy();
      server.closeAllConnections();
      server.close();
    }
  });

  it('follow the live sessions and their users', async () => {
    const client = new ApiClient(test.app);
    const [one, two] = [await signUp(test), await signUp(test)];
    const gauges = /^(sessions_active|business_kpi_active_users)$/;
    const tokens: string[] = [];
    const begun = await movedBy(test, gauges, async () => {
      for (const user of [one, one, two]) tokens.push((await logIn(test, user, client)).accessToken);
    });
    expect(begun).toEqual({ sessions_active: 3, business_kpi_active_users: 2 });
    const ended = await movedBy(test, gauges, () => client.post('/auth/logout-all', undefined, tokens[0]));
    expect(ended).toEqual({ sessions_active: -2, business_kpi_active_users: -1 });
  });
});
