// Runs as a worker beside the service that is measured: so many clients, each with a connection of its own that is kept,
// send what they are told to until the time is over.
import { Agent, request } from 'node:http';
import { parentPort } from 'node:worker_threads';

const ANSWER_MS = 30_000;

parentPort.on('message', async ({ port, seconds, calls }) => {
  try {
    parentPort.postMessage({ times: await run(port, seconds, calls) });
  } catch (error) {
    parentPort.postMessage({ error: error.message });
  }
});

/** Milliseconds that each call took. Rejects if one is refused. */
async function run(port, seconds, calls) {
  const times = [];
  const until = performance.now() + 1_000 * seconds;
  await Promise.all(
    calls.map(async (call) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let begun = performance.now(); begun < until; begun = performance.now()) {
        await send(agent, port, call);
        times.push(performance.now() - begun);
      }
      agent.destroy();
    }),
  );
  return times;
}

function send(agent, port, { method, path, token, body }) {
  const text = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1',
      port,
      agent,
      method,
      path,
      timeout: ANSWER_MS,
      headers: {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(text),
        ...(token && { Authorization: `Bearer ${token}` }),
      },
    });
    sent.once('response', (response) => {
      response.resume();
      response.once('end', () => {
        if (response.statusCode < 300) resolve();
        else reject(new Error(`${method} ${path} answered ${response.statusCode}`));
      });
    });
    sent.once('timeout', () => sent.destroy(new Error(`${path}: no answer in ${ANSWER_MS} ms`)));
    sent.once('error', reject);
    sent.end(text);
  });
}
