import request from 'supertest';
import { ALIKE } from '../limits/proxy-watch';
import { createTestApp, type TestApp } from '../testing/test-app';

/** Supertest's requests come from the loopback address, as those of a proxy beside the service do. */
describe('a wrong TRUST_PROXY', () => {
  let test: TestApp;
  const open = async (trustProxy: string) => {
    test = await createTestApp({ env: { TRUST_PROXY: trustProxy, RATE_LIMIT_GLOBAL: '1000/50' } });
  };
  afterEach(() => test.close());

  const send = async (headers: Record<string, string>, times = ALIKE) => {
    for (let n = 0; n < times; n++) await request(test.app).get('/api/v1/users/me').set(headers);
  };
  const suspect = async () =>
    /^proxy_setting_suspect (\d)$/m.exec((await request(test.app).get('/metrics')).text)?.[1];
  const warnings = () => test.logged.filter((line) => line.includes('TRUST_PROXY'));

  it.each([
    ['false', { 'X-Forwarded-For': '203.0.113.7' }],
    ['false', { 'X-Real-IP': '203.0.113.7' }],
    ['false', { Forwarded: 'for=203.0.113.7' }],
    // One hop fewer than there are.
    ['1', { 'X-Forwarded-For': '203.0.113.7, 10.1.1.1' }],
    ['127.0.0.0/8', { 'X-Forwarded-For': '203.0.113.7, 10.1.1.1' }],
    // A client that writes the proxy's own address first, so as not to be noticed.
    ['false', { 'X-Forwarded-For': '127.0.0.1, 203.0.113.7' }],
    // Addresses with ports, which are none.
    ['1', { 'X-Forwarded-For': '203.0.113.7:51234' }],
  ])('%s is noticed: by the metric, and in one line that says what to do', async (trustProxy, headers) => {
    await open(trustProxy);
    await send(headers, ALIKE - 1);
    expect([await suspect(), warnings()]).toEqual(['0', []]);
    await send(headers, 2 * ALIKE);
    expect([await suspect(), warnings().length]).toEqual(['1', 1]);
    expect(JSON.parse(warnings()[0] ?? '')).toMatchObject({ level: 40, setting: 'TRUST_PROXY' });
    // What the clients sent is theirs, and stays out.
    expect(warnings()[0]).not.toContain('203.0.113.7');
  });

  it.each([
    ['1', { 'X-Forwarded-For': '203.0.113.7' }],
    ['127.0.0.1', { 'X-Forwarded-For': '192.168.1.20' }],
    ['2', { 'X-Forwarded-For': '203.0.113.7, 10.1.1.1' }],
    // A client that claims to be somebody else.
    ['1', { 'X-Forwarded-For': '198.51.100.1, 203.0.113.7' }],
    ['false', {}],
  ])('a right one is not: %s behind %j', async (trustProxy, headers) => {
    await open(trustProxy);
    await send(headers, 2 * ALIKE);
    expect([await suspect(), warnings()]).toEqual(['0', []]);
  });
});
