// A population of buckets in a process of its own: what one costs the collector, the other does not pay for.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { percentilesOf } from './keys-report.mjs';
import { memoryStore } from './ours.mjs';

const ANSWER_MS = 120_000;
const RATE = { capacity: 1_000, refillPerSecond: 0.001 };
const [role, kind, size] = process.argv.slice(2);
const keyOf = (n) => `global:bench-of-the-limiter-with-many-keys-${n}`;

/** So many buckets in the store of a process. */
export const openMemoryPopulation = (keys) => openChild('store', keys);
/** As many entries in a bare Map, read and replaced: what the machine's memory alone makes of the number. */
export const openMapPopulation = (keys) => openChild('map', keys);

async function openChild(kind, keys) {
  const args = ['population', kind, String(keys)];
  const child = fork(fileURLToPath(import.meta.url), args, { execArgv: ['--expose-gc'] });
  const ask = async (what, ...args) => {
    const answered = new AbortController();
    const signal = AbortSignal.any([answered.signal, AbortSignal.timeout(ANSWER_MS)]);
    const ended = once(child, 'exit', { signal }).then(() => [{ error: 'the process has ended' }]);
    child.send({ what, args });
    const [{ answer, error }] = await Promise.race([once(child, 'message', { signal }), ended]);
    ended.catch(() => {});
    answered.abort();
    if (error !== undefined) throw new Error(error);
    return answer;
  };
  const asks = ['memory', 'fill', 'run', 'atTheBound', 'forget'].map((what) => [
    what,
    (...args) => ask(what, ...args),
  ]);
  return {
    ...Object.fromEntries(asks),
    async close() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

async function timed(takes, keys, take) {
  const durations = new Float64Array(takes);
  for (let n = 0; n < takes; n += 1) {
    const key = keyOf(Math.floor(Math.random() * keys));
    const begun = process.hrtime.bigint();
    await take(key);
    durations[n] = Number(process.hrtime.bigint() - begun);
  }
  return percentilesOf(durations);
}

function mapPopulation(keys) {
  const map = new Map();
  return {
    fill() {
      for (let n = 0; n < keys; n += 1) map.set(keyOf(n), { taken: 1 });
    },
    run: (takes) =>
      timed(takes, keys, (key) => {
        map.set(key, { taken: map.get(key).taken + 1 });
      }),
  };
}

function storePopulation(keys) {
  let elapsed = 0;
  const clock = { now: () => Date.now() + elapsed, offset: 0 };
  const store = memoryStore({ clock, maxBuckets: keys });
  const take = (n) => store.take([{ key: keyOf(n), ...RATE }]);
  return {
    memory() {
      for (let n = 0; n < 3; n += 1) globalThis.gc();
      return process.memoryUsage().heapUsed;
    },
    async fill() {
      for (let n = 0; n < keys; n += 1) {
        if (!(await take(n)).allowed) throw new Error('a bucket that is not empty refused');
      }
    },
    run: (takes) => timed(takes, keys, (key) => store.take([{ key, ...RATE }])),
    async atTheBound() {
      const [newcomer, known] = [await take(keys), await take(0)];
      const said = ({ allowed }) => (allowed ? 'admitted' : 'refused');
      return [
        `bounded by a number of buckets: at ${keys.toLocaleString('en')} a newcomer is ${said(newcomer)} ` +
          `(try again in ${newcomer.levels[0].msToNext} ms), a known key is ${said(known)}`,
      ];
    },
    async forget() {
      elapsed += 1e9; // long enough that each is full
      let takes = 0;
      // Each write looks at a few entries: the dead go as others come.
      for (; takes < keys; takes += 1) await take(takes % 100);
      return [`given back by the takes that follow: ${takes.toLocaleString('en')} of 100 keys`];
    },
  };
}

if (role === 'population') {
  const served = { store: storePopulation, map: mapPopulation }[kind](Number(size));
  process.on('message', async ({ what, args }) => {
    try {
      process.send({ answer: await served[what](...args) });
    } catch (error) {
      process.send({ error: error.message });
    }
  });
}
