import { request } from 'node:http';

const ANSWER_MS = 15_000;
const PASSWORD = 'violet-lantern-47';

/** Calls the service at this port from an address of the loopback; a body goes as JSON. */
export function callerOf(port) {
  return (method, path, { body, token, from = '127.0.0.1', headers = {} } = {}) =>
    new Promise((resolve, reject) => {
      const call = request(
        {
          ...{ host: '127.0.0.1', port, method, path, localAddress: from, agent: false },
          signal: AbortSignal.timeout(ANSWER_MS),
          headers: {
            ...(body && { 'Content-Type': 'application/json' }),
            ...(token && { Authorization: `Bearer ${token}` }),
            ...headers,
          },
        },
        (response) => {
          const chunks = [];
          response.on('data', (chunk) => chunks.push(chunk)).on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            const json = /json/.test(response.headers['content-type'] ?? '') ? JSON.parse(text) : undefined;
            resolve({ status: response.statusCode, headers: response.headers, json });
          });
        },
      );
      call.on('error', reject);
      call.end(body && JSON.stringify(body));
    });
}

/**
 * A day of one person: registers, proves the e-mail, logs in by password and by code, mistypes, refreshes, resets the
 * password, asks for what is not there. Throws if one step is not answered as it should be.
 */
export async function liveADay({ call, inbox, name, from }) {
  const api = '/api/v1';
  const email = `${name}@example.com`;
  const post = async (path, body, wanted, token) => {
    const answer = await call('POST', `${api}${path}`, { body, from, token });
    if (answer.status !== wanted) {
      throw new Error(`${path} of ${name} answered ${answer.status} ${answer.json?.code}, not ${wanted}`);
    }
    return answer.json;
  };
  const seen = new Set();
  /** The code of a mail that has come since the last. */
  const code = async () => {
    for (let look = 0; look < 150; look += 1) {
      const mails = inbox.messages().filter(({ to }) => String(to) === email);
      const found = mails.flatMap(({ text }) => text.match(/^\d{6}$/m) ?? []).find((one) => !seen.has(one));
      if (found !== undefined) {
        seen.add(found);
        return found;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`no mail to ${email} within 15 s`);
  };

  await post('/auth/register', { email, username: name, password: PASSWORD }, 202);
  await post('/otp/verify', { email, purpose: 'verify_email', otp: await code() }, 200);
  await post('/auth/login', { email, password: 'not this one' }, 401);
  const login = await post('/auth/login', { email, password: PASSWORD }, 200);
  for (let time = 0; time < 6; time += 1) {
    const me = await call('GET', `${api}/users/me`, { token: login.accessToken, from });
    if (me.status !== 200 || me.json.email !== email) throw new Error(`/users/me answered ${me.status}`);
  }
  const second = await post('/auth/refresh', { refreshToken: login.refreshToken }, 200);
  await post('/auth/refresh', { refreshToken: second.refreshToken }, 200);
  await post('/otp/request', { email, purpose: 'login' }, 202);
  await post('/otp/verify', { email, purpose: 'login', otp: '000000' }, 400);
  await post('/otp/verify', { email, purpose: 'login', otp: await code() }, 200);
  await post('/otp/request', { email, purpose: 'reset_password' }, 202);
  const reset = await post('/otp/verify', { email, purpose: 'reset_password', otp: await code() }, 200);
  await post('/auth/password/reset', { resetToken: reset.resetToken, newPassword: `${PASSWORD}-2` }, 204);
  await call('GET', '/nowhere', { from });
}
