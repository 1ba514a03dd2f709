import { MemoryStore, rateLimit } from 'express-rate-limit';
import { RedisStore } from 'rate-limit-redis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterUnion } from 'rate-limiter-flexible';
import { passes } from './exchange.mjs';
import { evalshaOf, limiterOver, memoryStore, middlewareOver, redisStore } from './ours.mjs';

export const KINDS = ['admit', 'deny'];
export const KEYS = 1_000;
/** Buckets that are never empty, and never full while the bench runs; and buckets that are empty after one token. */
const RATES = {
  admit: { capacity: 1_000_000, refillPerSecond: 0.001 },
  deny: { capacity: 1, refillPerSecond: 0.000_001 },
};
const WINDOW_SECONDS = 86_400;
const ips = Array.from({ length: KEYS }, (_, n) => `198.18.${n >> 8}.${n & 255}`);
/** Of two buckets it is the second that denies. */
const kindsOf = (kind, buckets) => (buckets === 1 ? [kind] : ['admit', kind]);
const POLICIES = ['global', 'login'];

/** Names as printed; what is compared is looked up by them. */
export const NAMES = {
  store: 'our store: take',
  limiter: 'our Limiter: take',
  middleware: 'our middleware',
  raw: 'raw EVALSHA of the same script',
  flexible: 'rate-limiter-flexible: consume',
  increment: 'express-rate-limit store: increment',
  express: 'express-rate-limit, its default headers',
  express8: 'express-rate-limit, headers as ours',
};

/** Every contestant over one connection, for decisions of this kind on so many buckets each. */
export function redisContestants({ connection, metrics }, kind, buckets) {
  const { client } = connection;
  const store = redisStore(connection);
  const kinds = kindsOf(kind, buckets);
  const label = `${kind}${buckets}`;
  const storeOf = (name, at) =>
    new RedisStore({ prefix: `${name}:${label}:${at}:`, sendCommand: (...args) => client.call(...args) });
  const flexible = kinds.map(
    (each, at) =>
      new RateLimiterRedis({
        storeClient: client,
        keyPrefix: `flexible:${label}:${at}`,
        points: RATES[each].capacity,
        duration: WINDOW_SECONDS,
      }),
  );
  const recorded = [];
  const raw = async (n) => {
    recorded[n] ??= await evalshaOf(client, () => store.take(bucketsOf('raw', label, kinds, n)));
    return (await client.evalsha(...recorded[n]))[0] === 1;
  };
  return [
    ...ourContestants(store, metrics, kinds, label),
    [NAMES.raw, raw],
    [NAMES.flexible, consumes(flexible)],
    ...expressContestants(storeOf, kinds),
  ].map(([name, decide]) => contestant(name, kind, decide));
}

/** The same without Redis: each with the store in this process that it comes with. */
export function memoryContestants({ metrics }, kind) {
  const kinds = [kind];
  const { capacity: points } = RATES[kind];
  const flexible = new RateLimiterMemory({ points, duration: WINDOW_SECONDS });
  return [
    ...ourContestants(memoryStore(), metrics, kinds, kind),
    [NAMES.flexible, consumes([flexible])],
    ...expressContestants(() => new MemoryStore(), kinds),
  ].map(([name, decide]) => contestant(name, kind, decide));
}

/** Decides once for each key without looking: from then on all are partly used, or empty. */
export async function useOnce(contestants) {
  for (const { decide } of contestants) {
    for (let n = 0; n < KEYS; n += 1) await decide(n);
  }
}

function contestant(name, kind, decide) {
  return { name, kind, expected: kind === 'admit', decide: (n) => decide(n % KEYS) };
}

function bucketsOf(whose, label, kinds, n) {
  return kinds.map((kind, at) => ({ key: `${whose}:${label}:${at}:${n}`, ...RATES[kind] }));
}

function ourContestants(store, metrics, kinds, label) {
  const buckets = (n) => bucketsOf('store', label, kinds, n);
  const policies = POLICIES.slice(0, kinds.length);
  const rates = Object.fromEntries(policies.map((policy, at) => [policy, RATES[kinds[at]]]));
  const limiter = limiterOver(store, metrics, rates, `limiter ${label}`);
  const middleware = middlewareOver(limiterOver(store, metrics, rates, `middleware ${label}`), policies);
  const charges = (n) => policies.map((policy) => ({ policy, parts: [ips[n]] }));
  return [
    [NAMES.store, async (n) => (await store.take(buckets(n))).allowed],
    [NAMES.limiter, async (n) => (await limiter.take(charges(n))).allowed],
    [NAMES.middleware, (n) => passes([middleware], ips[n])],
  ];
}

function consumes(limiters) {
  const limiter = limiters.length === 1 ? limiters[0] : new RateLimiterUnion(...limiters);
  return async (n) => {
    try {
      await limiter.consume(ips[n]);
      return true;
    } catch (refusal) {
      const failure = [refusal, ...Object.values(refusal)].find((one) => one instanceof Error);
      if (failure !== undefined) throw failure;
      return false;
    }
  };
}

function expressContestants(storeOf, kinds) {
  const middlewares = (name, standardHeaders) =>
    kinds.map((kind, at) =>
      rateLimit({
        windowMs: WINDOW_SECONDS * 1_000,
        limit: RATES[kind].capacity,
        standardHeaders,
        store: storeOf(name, at),
      }),
    );
  const byDefault = middlewares('default', false);
  const asOurs = middlewares('draft8', 'draft-8');
  const stores = kinds.map((_, at) => {
    const store = storeOf('store', at);
    store.init({ windowMs: WINDOW_SECONDS * 1_000 });
    return store;
  });
  const increments = async (n) => {
    for (const [at, store] of stores.entries()) {
      const { totalHits } = await store.increment(ips[n]);
      if (totalHits > RATES[kinds[at]].capacity) return false;
    }
    return true;
  };
  return [
    [NAMES.increment, increments],
    [NAMES.express, (n) => passes(byDefault, ips[n])],
    [NAMES.express8, (n) => passes(asOurs, ips[n])],
  ];
}
