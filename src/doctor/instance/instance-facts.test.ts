import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { goodFacts } from '../../testing/doctor-facts';
import { startRawServer } from '../../testing/smtp-test-server';
import { createTestApp, type TestApp } from '../../testing/test-app';
import { TEST_TLS } from '../../testing/tls-certificate';
import { answerChecks } from '../checks/answers';
import { cookieChecks } from '../checks/cookies';
import { headerChecks } from '../checks/headers';
import { originChecks } from '../checks/origins';
import { proxyChecks } from '../checks/proxy';
import { tlsChecks } from '../checks/tls';
import { runChecks } from '../run-checks';
import { CALL_MS } from './http-call';
import { lookAtInstance } from './instance-facts';
import { speaksOldTls } from './old-tls';

const OF_INSTANCE = [...answerChecks, ...headerChecks, ...cookieChecks, ...originChecks, ...tlsChecks];

const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(server: Server, scheme = 'http'): Promise<string> {
  open.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const live: RequestListener = (_request, response) => {
  response.setHeader('Content-Type', 'application/json').end('{"status":"live"}');
};
const tls = (options: TlsOptions = {}, handler = live) =>
  createTlsServer({ ...TEST_TLS, ...options }, handler);
const facts = async (origin: string, settings: NodeJS.ProcessEnv = {}) => {
  const { baseUrl } = goodFacts(settings).config;
  return goodFacts(settings, { instance: await lookAtInstance(origin, baseUrl) });
};
const verdictsOf = async (...arguments_: Parameters<typeof facts>) =>
  Object.fromEntries(
    runChecks(OF_INSTANCE, await facts(...arguments_)).map(({ id, title, verdict }) => [
      `${id} ${title}`,
      verdict,
    ]),
  );

describe('a real instance', () => {
  let test: TestApp;
  let origin: string;
  // TRUST_PROXY is 1 in the tests' own settings.
  const settings = {
    BASE_URL: 'https://api.acme-works.io',
    TRUST_PROXY: 'false',
    METRICS_TOKEN: 'Tq4wLz8XnB6vRy2m',
  };
  beforeAll(async () => {
    test = await createTestApp({ env: settings });
  });
  beforeEach(async () => {
    origin = await listen(createServer(test.app));
  });
  afterAll(() => test.close());

  it('answers as it must', async () => {
    const verdicts = await verdictsOf(origin, settings);
    const odd = Object.entries(verdicts).filter(([, verdict]) => verdict === 'fail' || verdict === 'warn');
    expect(odd).toEqual([]);
    const unseen = Object.entries(verdicts).filter(([, verdict]) => verdict !== 'pass');
    expect(unseen.map(([name]) => name.split(' ')[0])).toEqual(['V3.4.1', 'V12.1.1', 'V12.2.2']); // over http
  });

  it('is not moved by a claimed address, and leaves no account, session or mail', async () => {
    const seen = await facts(origin, settings);
    expect(runChecks(proxyChecks, seen)).toContainEqual(
      expect.objectContaining({ evidence: 'X-Forwarded-For from a client does not count' }),
    );
    const counts = await test.database.run((client) =>
      Promise.all([client.user.count(), client.session.count(), client.outboxMail.count()]),
    );
    expect(counts).toEqual([0, 0, 0]);
  });

  it('is found out to believe a claimed address', async () => {
    const trusting = await createTestApp({ env: { ...settings, TRUST_PROXY: '2' } });
    const proxy = createServer((request, response) => {
      // A proxy that adds its client's address to what the client claims, as they do.
      request.headers['x-forwarded-for'] = [request.headers['x-forwarded-for'], '198.51.100.1']
        .flat()
        .join(', ');
      trusting.app(request, response);
    });
    const behind = await lookAtInstance(await listen(proxy), 'https://api.acme-works.io');
    if (!behind.seen) throw new Error(behind.reason);
    const [, , claimed] = runChecks(
      proxyChecks,
      goodFacts(
        { TRUST_PROXY: '2' },
        { instance: { seen: true, value: { ...behind.value, origin: 'https://api.acme-works.io' } } },
      ),
    );
    expect(claimed).toMatchObject({ id: 'V4.1.3', verdict: 'fail' });
    await trusting.close();
  });
});

describe('a bad instance', () => {
  it('is found out in everything it does', async () => {
    const bad: RequestListener = (request, response) => {
      if (request.url === '/health/live') return live(request, response);
      response.writeHead(200, {
        'Content-Type': 'text/plain',
        'X-Powered-By': 'Express',
        Server: 'nginx/1.2',
        'Access-Control-Allow-Origin': request.headers.origin ?? '*',
        'Cache-Control': 'public, max-age=600',
        'Set-Cookie': 'sid=1; Domain=example.org',
      });
      response.end(`SyntaxError: Unexpected token\n    at JSON.parse\n${JSON.stringify(request.headers)}`);
    };
    const verdicts = await verdictsOf(await listen(createServer(bad)));
    const expected: Record<string, string> = {
      'TG-14': 'pass',
      'V3.4.1': 'not applicable',
      'V3.3.5': 'pass',
      'V12.1.1': 'not applicable',
      'V12.2.2': 'not applicable',
      'V3.5.8': 'warn',
    };
    for (const [name, verdict] of Object.entries(verdicts)) {
      if (name.includes('CORS_ORIGINS')) continue; // of the settings
      const [id = ''] = name.split(' ');
      expect([name, verdict]).toEqual([name, expected[id] ?? 'fail']);
    }
  });

  it('is not followed anywhere', async () => {
    let followed = 0;
    const elsewhere = await listen(
      createServer((_request, response) => {
        followed += 1;
        response.end();
      }),
    );
    const redirecting = await listen(
      createServer((request, response) =>
        request.url === '/health/live'
          ? live(request, response)
          : response.writeHead(302, { Location: elsewhere }).end(),
      ),
    );
    await facts(redirecting);
    expect(followed).toBe(0);
  });

  it('is given no secret of ours', async () => {
    const heard: string[] = [];
    const listener = await listen(
      createServer((request, response) => {
        let body = '';
        request.on('data', (chunk) => (body += String(chunk)));
        request.on('end', () => heard.push(JSON.stringify(request.headers) + request.url + body));
        live(request, response);
      }),
    );
    const { environment, config } = await facts(listener);
    expect(heard.length).toBeGreaterThan(15);
    for (const secret of [
      environment['METRICS_TOKEN'],
      environment['SECRET_KEYS'],
      ...config.passwordPeppers,
    ]) {
      expect(heard.join()).not.toContain(String(secret));
    }
  });

  it('cannot fill our memory, nor keep us waiting', async () => {
    const endless = await listen(
      createServer((request, response) => {
        if (request.url === '/health/live') return live(request, response);
        response.writeHead(200);
        const more = () => {
          while (response.write('x'.repeat(65_536)));
        };
        response.on('drain', more);
        more();
      }),
    );
    const { instance } = await facts(endless);
    if (!instance.seen) throw new Error(instance.reason);
    for (const answer of Object.values(instance.value.answers))
      expect(answer?.body.length).toBeLessThan(600_000);
  });

  it('may hang up, upgrade or speak no HTTP: then that call has no answer', async () => {
    const kinds: ((socket: Socket) => void)[] = [
      (socket) => socket.destroy(),
      (socket) =>
        void socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
      (socket) => void socket.write('220 smtp.example.org ESMTP\r\n'),
    ];
    let calls = 0;
    const origin = await listen(
      createServer((request, response) => {
        if (request.url === '/health/live' && request.method === 'GET') return live(request, response);
        kinds[calls++ % kinds.length]?.(request.socket);
      }),
    );
    const { instance } = await facts(origin);
    if (!instance.seen) throw new Error(instance.reason);
    expect(Object.values(instance.value.answers).every((answer) => answer === undefined)).toBe(true);
  }, 30_000);
});

describe('what is no instance', () => {
  it.each([
    ['nothing', async () => 'http://127.0.0.1:1', /nothing listens there/],
    [
      'another service',
      () => listen(createServer((_request, response) => void response.end('hello'))),
      /no Tollgate/,
    ],
  ])('is not looked at: %s', async (_, make, reason) => {
    expect(await lookAtInstance(await make(), 'https://api.acme-works.io')).toMatchObject({
      seen: false,
      reason: expect.stringMatching(reason),
    });
  });

  it('is a server that says nothing, after 3 s', async () => {
    const silent = await startRawServer();
    expect(CALL_MS).toBeLessThanOrEqual(5_000);
    const origin = silent.url.replace('smtp:', 'http:');
    expect(await lookAtInstance(origin, origin)).toMatchObject({
      reason: expect.stringContaining('no answer in time'),
    });
    await silent.close();
  });
});

describe('TLS', () => {
  const certificateOf = async (server: Server) => {
    const seen = await lookAtInstance(await listen(server, 'https'), 'https://api.acme-works.io');
    if (!seen.seen) throw new Error(seen.reason);
    return seen.value;
  };

  it('is seen with its protocol, trust and end, though the certificate is bad', async () => {
    expect(await certificateOf(tls())).toMatchObject({
      certificate: { protocol: 'TLSv1.3', trusted: false, validUntil: Date.UTC(2120, 0, 1) },
      oldTls: false,
    });
  });

  it('is found out to be old as well', async () => {
    const old = { minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' } as const;
    expect(await certificateOf(tls(old))).toMatchObject({ oldTls: true });
  });

  it('stays unknown of a server that says nothing', async () => {
    const silent = await startRawServer();
    expect(await speaksOldTls(silent.url.replace('smtp:', 'https:'))).toBeUndefined();
    expect(await speaksOldTls('https://127.0.0.1:1')).toBeUndefined();
    await silent.close();
  });
});
