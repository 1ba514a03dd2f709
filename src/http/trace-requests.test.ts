import pino from 'pino';
import request from 'supertest';
import { OtlpTracing, type TracingOptions } from '../observability/otlp-tracing';
import { ApiClient, logIn, newUser, signUp } from '../testing/api-client';
import { atOnce } from '../testing/at-once';
import { codeIn, tokenIn } from '../testing/captured-mailer';
import { eventually } from '../testing/redis-cluster';
import { createTestApp, type StateKind, stateKinds, type TestApp } from '../testing/test-app';
import { startTraceCollector, type TraceCollector } from '../testing/trace-collector';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const CALLER = { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'vendor=opaque' };
const SERVER = 2;

interface LogLine {
  readonly route?: string;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly requestId?: string;
}

const linesOf = (test: TestApp, route: string) =>
  test.logged.map((line) => JSON.parse(line) as LogLine).filter((line) => line.route === route);

const callMe = (test: TestApp, headers = {}, token = 'dead') =>
  new ApiClient(test.app).call('get', '/users/me', undefined, token, headers);

describe('without a collector', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());
  beforeEach(() => void test.logged.splice(0));

  it('the log line holds the trace and span of the caller', async () => {
    await callMe(test, CALLER);
    expect(linesOf(test, '/api/v1/users/me')).toMatchObject([{ traceId: TRACE, spanId: PARENT }]);
  });

  it.each([
    {},
    { traceparent: `00-${'0'.repeat(32)}-${PARENT}-01` },
    { traceparent: `00-${TRACE.toUpperCase()}-${PARENT}-01` },
    { traceparent: `ff-${TRACE}-${PARENT}-01` },
    { traceparent: `00-${TRACE}-${PARENT}-01-{"level":"error"}` },
  ])('the log line holds a trace of its own for %j', async (headers) => {
    await Promise.all([callMe(test, headers), callMe(test, headers)]);
    const lines = linesOf(test, '/api/v1/users/me');
    expect(lines.map(({ traceId }) => /^[0-9a-f]{32}$/.test(String(traceId)))).toEqual([true, true]);
    expect(new Set(lines.map(({ traceId }) => traceId)).size).toBe(2);
    expect(lines.some(({ traceId }) => traceId === TRACE)).toBe(false);
    expect(lines.every((line) => line.spanId === undefined)).toBe(true);
  });

  it('the line of an error holds the same trace', async () => {
    jest.spyOn(test.services.limiter, 'take').mockRejectedValueOnce(new Error('a fault'));
    await new ApiClient(test.app).call('post', '/auth/guest', undefined, undefined, CALLER);
    const traced = test.logged.filter((line) => line.includes(TRACE));
    expect(traced.some((line) => line.includes('a fault'))).toBe(true);
  });
});

describe.each(stateKinds)('every line of a request over %s', (state) => {
  it('holds the trace of the caller: of acts, refusals and faults alike', async () => {
    const test = await createTestApp({ state });
    try {
      const { email, password } = await signUp(test);
      const client = new ApiClient(test.app);
      const post = (path: string, body?: object, token?: string) =>
        client.call('post', path, body, token, CALLER);
      test.logged.splice(0);
      const { accessToken, refreshToken } = (await post('/auth/login', { email, password })).body;
      await post('/auth/login', { email, password: 'not this one' });
      await post('/auth/login', { email: newUser().email, password: 'not this one' });
      await post('/auth/refresh', { refreshToken });
      const refused = () => client.call('get', '/admin/users', undefined, accessToken, CALLER);
      jest.spyOn(test.backends.auditStore, 'record').mockRejectedValueOnce(new Error('a fault'));
      await refused();
      await test.services.audit.flush();
      test.clock.advance(61_000);
      await refused();
      await test.services.audit.flush();
      await post('/auth/logout', undefined, accessToken);
      const lines = test.logged.map((line) => JSON.parse(line));
      const told = lines.map(({ event, err, route }) => event ?? err?.message ?? route);
      expect(new Set(told)).toEqual(
        new Set([
          ...['authn_login_success', 'authn_login_fail', 'authz_fail', 'authn_token_revoked', 'a fault'],
          ...['auth/login', 'auth/refresh', 'auth/logout', 'admin/users'].map((path) => `/api/v1/${path}`),
        ]),
      );
      for (const line of lines) expect(line).toMatchObject({ traceId: TRACE, requestId: expect.any(String) });
    } finally {
      jest.restoreAllMocks();
      await test.close();
    }
  });
});

interface Traced {
  readonly test: TestApp;
  readonly collector: TraceCollector;
  readonly tracingLog: string[];
  /** Ends tracing, so that everything is sent; then what came. */
  spans(): Promise<TraceCollector['spans']>;
}

async function withTracing(
  state: StateKind,
  options: Partial<TracingOptions>,
  work: (traced: Traced) => Promise<void>,
): Promise<void> {
  const collector = await startTraceCollector();
  const tracingLog: string[] = [];
  const logger = pino({ base: null }, { write: (line: string) => void tracingLog.push(line) });
  const tracing = new OtlpTracing(
    {
      endpoint: collector.endpoint,
      headers: {},
      serviceName: 'tollgate',
      sampler: 'parentbased_always_on',
      ratio: 1,
      ...options,
    },
    logger,
    '1.2.3',
  );
  const test = await createTestApp({ state, tracing, env: { RATE_LIMIT_LOGIN_ACCOUNT_ALL: '1000/1' } });
  const spans = async () => {
    await tracing.close();
    return collector.spans;
  };
  try {
    await work({ test, collector, tracingLog, spans });
  } finally {
    await test.close();
    await tracing.close();
    await collector.stop();
  }
}

describe.each(stateKinds)('with a collector, over %s', (state) => {
  it('a request is a span of the caller’s trace, and what it caused are its children', async () => {
    await withTracing(state, {}, async ({ test, collector, spans }) => {
      const { email, password } = await signUp(test);
      const login = await new ApiClient(test.app).call(
        'post',
        '/auth/login',
        { email, password },
        undefined,
        CALLER,
      );
      expect(login.status).toBe(200);
      const traced = (await spans()).filter(({ traceId }) => traceId === TRACE);
      const [server, ...more] = traced.filter(({ kind }) => kind === SERVER);
      expect(more).toEqual([]);
      expect(server).toMatchObject({ name: 'POST /api/v1/auth/login', parentSpanId: PARENT });
      expect(server?.attributes).toEqual({
        'http.request.method': 'POST',
        'http.response.status_code': 200,
        'http.route': '/api/v1/auth/login',
      });
      const children = traced.filter(({ parentSpanId }) => parentSpanId === server?.spanId);
      expect(children.length).toBe(traced.length - 1);
      const names = new Set(children.map(({ name }) => name));
      expect(names).toContain('password hash');
      expect(names).toContain('SELECT');
      expect(names).toContain('INSERT');
      if (state === 'Redis') expect([...names].some((name) => name.startsWith('take'))).toBe(true);
      for (const { startTimeUnixNano: start, endTimeUnixNano: end } of children) {
        expect(BigInt(end) - BigInt(start) >= 0n).toBe(true);
        // Within a second of rounding: the children begin after the request.
        expect(BigInt(start) >= BigInt(String(server?.startTimeUnixNano)) - 1_000_000_000n).toBe(true);
      }
      expect(linesOf(test, '/api/v1/auth/login').at(-1)).toMatchObject({
        traceId: TRACE,
        spanId: server?.spanId,
      });
      expect(collector.resource).toEqual({ 'service.name': 'tollgate', 'service.version': '1.2.3' });
    });
  });

  it('64 requests at once have their own children each', async () => {
    await withTracing(state, {}, async ({ test, spans }) => {
      const user = await signUp(test);
      const parents = await atOnce(64, async (index) => {
        const id = (index + 1).toString(16).padStart(32, '0');
        const client = new ApiClient(test.app);
        const body = { email: user.email, password: user.password };
        await client.call('post', '/auth/login', body, undefined, {
          traceparent: `00-${id}-${PARENT}-01`,
        });
        return id;
      });
      const all = await spans();
      for (const id of parents) {
        const traced = all.filter(({ traceId }) => traceId === id);
        const server = traced.find(({ kind }) => kind === SERVER);
        const hashes = traced.filter(({ name }) => name === 'password hash');
        expect([server?.attributes['http.response.status_code'], hashes.length]).toEqual([200, 1]);
        expect(hashes[0]?.parentSpanId).toBe(server?.spanId);
      }
    });
  });

  it('spans hold no path, address, id, e-mail, secret or SQL', async () => {
    await withTracing(state, {}, async ({ test, collector, spans }) => {
      const user = await signUp(test, newUser());
      const client = new ApiClient(test.app);
      const tokens = await logIn(test, user, client);
      const id = (await client.get('/users/me', tokens.accessToken)).body.id as string;
      await client.post('/otp/request', { email: user.email, purpose: 'login' });
      await test.deliverMails();
      const [mail] = test.mailer.to(user.email);
      await client.get(`/users/${user.email}?token=${tokens.accessToken}`, tokens.accessToken);
      const { body } = await client.get('/users/me/sessions', tokens.accessToken);
      await client.call('delete', `/users/me/sessions/${body.sessions[0].id}`, undefined, tokens.accessToken);
      await client.post('/auth/login', { email: user.email, password: 'wrong one' });
      expect((await spans()).length).toBeGreaterThan(20);
      const told = collector.bodies.join();
      const secrets = [
        user.email,
        user.username,
        user.password,
        tokens.accessToken,
        tokens.refreshToken,
        codeIn(mail),
        tokenIn(mail),
        id,
        body.sessions[0].id,
        client.address,
        '127.0.0.1',
        '/users/me/sessions/0',
        'FROM',
        '$1',
      ];
      // Digits alone may stand in a time or an id by chance.
      const shown = secrets.filter((secret) =>
        /^\d{6}$/.test(secret) ? told.includes(`"${secret}"`) : told.includes(secret),
      );
      expect(shown).toEqual([]);
      const known = /^(?:http\.(?:request\.method|response\.status_code|route)|error\.type|db\.[a-z._]+)$/;
      const keys = new Set(collector.spans.flatMap(({ attributes }) => Object.keys(attributes)));
      expect([...keys].filter((key) => !known.test(key))).toEqual([]);
    });
  });
});

const [anyState = 'in-process stores'] = stateKinds;

it('a mail makes a trace of its own, also one that is not sent', async () => {
  await withTracing(anyState, {}, async ({ test, spans }) => {
    jest.spyOn(test.mailer, 'send').mockRejectedValueOnce(new Error('the server said ada@example.com'));
    await signUp(test).catch(() => {});
    test.clock.advance(60_000);
    await test.deliverMails();
    const mails = (await spans()).filter(({ name }) => name === 'mail send');
    expect(mails.map(({ parentSpanId, attributes }) => [parentSpanId, attributes])).toEqual([
      [undefined, { 'error.type': 'error' }],
      [undefined, {}],
    ]);
  });
});

it('tells problems by their code, and errors of ours as such', async () => {
  await withTracing(anyState, {}, async ({ test, spans }) => {
    await callMe(test);
    await request(test.app).get('/no/such/ada@example.com');
    jest.spyOn(test.services.limiter, 'take').mockRejectedValueOnce(new Error('a fault'));
    await new ApiClient(test.app).post('/auth/guest');
    const told = (await spans()).filter(({ kind }) => kind === SERVER);
    expect(told.map(({ name, status, attributes }) => [name, status.code, attributes['error.type']])).toEqual(
      [
        ['GET /api/v1/users/me', 0, 'invalid_token'],
        ['GET', 0, 'not_found'],
        ['POST /api/v1/auth/guest', 2, 'internal_error'],
      ],
    );
  });
});

it.each([
  ['parentbased_always_on', 1, '01', 1],
  ['parentbased_always_on', 1, '00', 0],
  ['parentbased_always_off', 1, '01', 1],
  ['parentbased_always_off', 1, undefined, 0],
  ['parentbased_traceidratio', 0, undefined, 0],
  ['parentbased_traceidratio', 1, undefined, 1],
  ['always_on', 1, '00', 1],
  ['always_off', 1, '01', 0],
  ['traceidratio', 0, '01', 0],
] as const)('sampler %s, ratio %d: a caller with flags %s', async (sampler, ratio, flags, sampled) => {
  await withTracing(anyState, { sampler, ratio }, async ({ test, spans }) => {
    const headers = flags === undefined ? {} : { traceparent: `00-${TRACE}-${PARENT}-${flags}` };
    await callMe(test, headers);
    expect((await spans()).filter(({ kind }) => kind === SERVER)).toHaveLength(sampled);
    // Sampled or not, the line names a trace.
    const [line] = linesOf(test, '/api/v1/users/me');
    expect(line?.traceId).toMatch(flags === undefined ? /^[0-9a-f]{32}$/ : new RegExp(TRACE));
  });
});

it('sends the headers that it is told', async () => {
  await withTracing(anyState, { headers: { authorization: 'Bearer collector' } }, async (traced) => {
    await callMe(traced.test);
    await traced.spans();
    expect(traced.collector.headers[0]).toMatchObject({ authorization: 'Bearer collector' });
  });
});

it.each([503, 400, 0])(
  'a collector that answers %d costs no request anything',
  async (status) => {
    await withTracing(anyState, {}, async ({ test, collector, tracingLog, spans }) => {
      collector.status = status;
      const client = new ApiClient(test.app);
      for (let turn = 0; turn < 10; turn += 1) {
        const answers = await atOnce(64, () => client.call('get', '/users/me', undefined, 'dead'));
        expect(answers.every((answer) => [401, 429].includes(answer.status))).toBe(true);
      }
      await eventually(async () => expect(collector.bodies.length).toBeGreaterThan(0));
      await spans();
      expect(tracingLog.length).toBe(1);
      expect(tracingLog.join()).toContain('traces cannot be exported');
      expect(tracingLog.join()).not.toContain(collector.endpoint);
    });
  },
  60_000,
);
