// Does each counter move exactly when its event happens? Drives 1,000 known events over HTTP (accounts lived through from
// registration to another e-mail, stolen tokens, wrong codes, full buckets, a full queue of hashes, mails that a server puts
// off or refuses, sessions that Redis has lost), then holds what /metrics has grown by against what was done.
//
//   npm run drill:metrics
//
// What is expected is written down with each event, from the contract alone; what Redis was sent is asked of Redis, and what
// was mailed of the mail server. Prints each series; ends with code 1 where one tells another number, where one moves that
// nobody expects to, and where a counter is not tried at all. On a machine so busy that PostgreSQL or Redis does not answer
// within a second it stops at the 503 that says so: what such a call moved nobody can know from outside.
import { Redis } from 'ioredis';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { startRedis } from '../bench/redis.mjs';
import { startService } from '../bench/service.mjs';
import { check } from './check.mjs';
import { claimsOf, Driver, pause, seriesOf } from './metrics-driver.mjs';
import { goAstray, liveThrough, mailTroubled, overload, tryShadow } from './metrics-script.mjs';

const EVENTS = 1_000;
const USERS = 10;
const BURST = 190;
const open = '1000000/1000000';
const admin = { email: 'root@example.com', password: 'copper-harbour-93' };
/** Counters, and the counts of histograms, that say how often; what a process does by itself is not ours to know. */
const COUNTED = /^(?!process_|nodejs_|postgres_)\w+(_total|_count|_allowed|_blocked)(\{|$)/;
const GAUGES = /^(sessions_active|business_kpi_active_users|http_requests_in_flight|outbox_pending)$/;

const stops = [];
try {
  const redisServer = await startRedis();
  stops.push(redisServer.stop);
  const redis = new Redis(redisServer.url);
  redis.on('error', () => {}); // what is asked of it fails then, and says why
  stops.push(async () => redis.disconnect());
  const smtp = await startSmtp();
  stops.push(smtp.stop);
  const limits = 'GLOBAL LOGIN LOGIN_ACCOUNT LOGIN_ACCOUNT_ALL REAUTH REGISTER OTP_REQUEST';
  const more = 'OTP_REQUEST_ADDRESS OTP_VERIFY REFRESH';
  const service = await startService({
    REDIS_URL: redisServer.url,
    SMTP_URL: smtp.url,
    MAIL_FROM: 'no-reply@example.com',
    BCRYPT_COST: '12',
    TRUST_PROXY: '1',
    ADMIN_EMAIL: admin.email,
    ADMIN_PASSWORD: admin.password,
    ...Object.fromEntries(`${limits} ${more}`.split(' ').map((name) => [`RATE_LIMIT_${name}`, open])),
    RATE_LIMIT_GUEST: '3/0.000001',
    RATE_LIMIT_MAIL: '5/0.000001',
  });
  stops.push(() => service.stop());

  const drive = new Driver(service, smtp);
  const { ledger } = drive;
  let scrapes = 0;
  // Redis learns the script of a scrape with the first one.
  await scrape();
  scrapes = 0;
  const before = await scrape();
  const begun = performance.now();

  for (let n = 0; n < USERS; n += 1) await liveThrough(drive, n, lose);
  for (let n = 0; n < 5; n += 1) await goAstray(drive, `198.18.2.${n}`);
  await tryShadow(drive, admin, '198.18.3.1');
  await mailTroubled(drive, 'later@example.com', { tries: 2 });
  await mailTroubled(drive, 'never@example.com', { arrives: false });
  await overload(drive, BURST, 300);
  // The rest: a product asks who somebody is, of a guest.
  const guest = { address: '198.18.4.1', status: 201, allowed: ['guest'] };
  const { accessToken: token } = await drive.call('POST', '/api/v1/auth/guest', guest);
  while (drive.calls < EVENTS) await drive.call('GET', '/api/v1/users/me', { token });
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  check(`${EVENTS} events were driven, in ${seconds} s`, drive.calls === EVENTS, drive.calls);

  await outboxEmpty();
  const after = await scrape();
  // The first scrape and those that looked at the outbox; the last is not over when it tells.
  ledger.answered('/metrics', 'GET', 200, scrapes - 1);
  for (const [operation, calls] of Object.entries(after.redis)) {
    const sent = calls - (before.redis[operation] ?? 0);
    if (sent === 0) continue;
    ledger.add('redis_operations_total', { operation }, sent);
    ledger.add('redis_command_duration_seconds_count', { operation }, sent);
  }
  const users = [...drive.live.values()].filter(({ size }) => size > 0);
  ledger.add('business_kpi_active_users', {}, users.length);
  ledger.add(
    'sessions_active',
    {},
    users.reduce((sum, { size }) => sum + size, 0),
  );

  // Each series, and whether it tells the truth.
  const names = [...new Set([...before.series.keys(), ...after.series.keys(), ...ledger.grown.keys()])];
  const compared = names
    .filter((name) => COUNTED.test(name) || GAUGES.test(name))
    .map((name) => ({
      name,
      expected: ledger.grown.get(name) ?? 0,
      told: (after.series.get(name) ?? 0) - (before.series.get(name) ?? 0),
    }))
    .filter(({ expected, told }) => expected !== 0 || told !== 0)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  console.log(`\n${'metric'.padEnd(40)}${'labels'.padEnd(92)}expected   told`);
  for (const { name, expected, told } of compared) {
    const [metric, labels = ''] = name.split(/(?=\{)/);
    const cells = `${metric.padEnd(40)}${labels.slice(1, -1).padEnd(92)}`;
    const differs = expected === told ? '' : '  DIFFERS';
    console.log(`${cells}${String(expected).padStart(8)}${String(told).padStart(7)}${differs}`);
  }
  console.log('');
  const wrong = compared.filter(({ expected, told }) => expected !== told);
  check(`${compared.length} series have grown by exactly what was done`, wrong.length === 0, wrong);
  const outage = await awayForAWhile();
  const tried = new Set(
    [...compared, ...outage].filter(({ told }) => told > 0).map(({ name }) => name.split('{')[0]),
  );
  const counters = after.counters.filter((name) => COUNTED.test(name) || /_(allowed|blocked)$/.test(name));
  const untried = counters.filter((name) => !tried.has(name));
  check(`all ${counters.length} counters were tried`, untried.length === 0, untried);
  const sent = compared.filter(({ name }) => /^mails_total.*"sent"/.test(name));
  const total = sent.reduce((sum, { told }) => sum + told, 0);
  check(`${total} mails told of as sent have arrived`, total === smtp.received.length, smtp.received.length);
  const up = ['postgresql', 'redis', 'smtp'].map((dependency) =>
    after.series.get(seriesOf('dependency_up', { dependency })),
  );
  check('every dependency is told to be up', up.join() === '1,1,1', up);

  /** Redis hangs and comes back: by then limits have been degraded once, and normal again once. */
  async function awayForAWhile() {
    const scraped = async () => {
      const text = await (await fetch(`${service.baseUrl}/metrics`)).text();
      return (series) =>
        Number(
          text
            .split('\n')
            .find((line) => line.startsWith(`${series} `))
            ?.split(' ')
            .at(-1),
        );
    };
    redisServer.pause();
    const refused = await fetch(`${service.api}/auth/guest`, { method: 'POST' });
    const during = await scraped();
    redisServer.resume();
    check('while Redis hangs a call that needs it is answered 503', refused.status === 503, refused.status);
    check('limits are told to be degraded', during('rate_limiter_degraded') === 1);
    check('live sessions are told nothing of, rather than wrong', Number.isNaN(during('sessions_active')));
    let now = await scraped();
    for (let tries = 0; tries < 100 && now('rate_limiter_degraded') !== 0; tries += 1) {
      await pause(100);
      now = await scraped();
    }
    check('and normal again when it is back', now('rate_limiter_degraded') === 0);
    return ['degraded', 'normal'].map((to) => {
      const name = seriesOf('rate_limiter_degraded_changes_total', { to });
      const told = now(name) - after.series.get(name);
      check(`${name} has grown by 1`, told === 1, told);
      return { name, told };
    });
  }

  /** What /metrics tells, and what Redis had been sent by then: again, if the health check came in between. */
  async function scrape() {
    for (;;) {
      const earlier = await commands();
      const text = await (await fetch(`${service.baseUrl}/metrics`)).text();
      scrapes += 1;
      const redisCommands = await commands();
      if ((redisCommands.ping ?? 0) !== (earlier.ping ?? 0)) continue;
      const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      return {
        series: new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(/\S+$/.exec(line)[0])])),
        counters: [...text.matchAll(/^# TYPE (\w+) counter$/gm)].map(([, name]) => name),
        redis: redisCommands,
      };
    }
  }

  async function commands() {
    const stats = await redis.info('commandstats');
    const calls = [...stats.matchAll(/^cmdstat_(evalsha|eval|ping):calls=(\d+)/gm)];
    return Object.fromEntries(calls.map(([, name, count]) => [name, Number(count)]));
  }

  async function outboxEmpty() {
    for (let tries = 0; tries < 100; tries += 1) {
      if ((await scrape()).series.get('outbox_pending') === 0) return;
      await pause(100);
    }
    throw new Error('the outbox was not empty within 10 s');
  }

  /** Makes Redis forget the session of this token, ended or not, and what it shows of its user. */
  async function lose(accessToken) {
    const { sub, sid } = claimsOf(accessToken);
    const gone = await redis.del(`tollgate:session:{${sub}}:${sid}`, `tollgate:user:{${sub}}`);
    if (gone === 0) throw new Error('there was no such session');
  }
} finally {
  for (const stop of stops.reverse()) await stop();
}

/** A mail server that puts off the first mail to `later@…` and refuses all to `never@…`. */
async function startSmtp() {
  const received = [];
  let putOff = false;
  const refusal = (responseCode) => Object.assign(new Error('refused'), { responseCode });
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 100,
    onRcptTo({ address }, _session, done) {
      if (address.startsWith('never')) return done(refusal(550));
      if (!address.startsWith('later') || putOff) return done();
      putOff = true;
      return done(refusal(451));
    },
    async onData(stream, session, done) {
      const { text } = await simpleParser(stream);
      received.push({ to: session.envelope.rcptTo[0].address, text });
      done();
    },
  });
  server.on('error', () => {});
  const port = await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server.server.address().port));
  });
  return {
    url: `smtp://127.0.0.1:${port}`,
    received,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
