// Our side as the service has it: the built sources, the metrics, the policies in force, digested keys.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { systemClock: clock } = require('../../dist/clock.js');
const { clientAddress } = require('../../dist/limits/client-address.js');
const { Limiter } = require('../../dist/limits/limiter.js');
const { POLICY_NAMES } = require('../../dist/limits/policies.js');
const { PoliciesInForce } = require('../../dist/limits/policies-in-force.js');
const { Metrics } = require('../../dist/observability/metrics.js');
const { RequestCharges } = require('../../dist/http/request-charges.js');
const { openRedis } = require('../../dist/stores/redis/redis.js');
const { MemoryTokenBucketStore } = require('../../dist/stores/token-bucket/memory-token-bucket-store.js');
const { RedisTokenBucketStore } = require('../../dist/stores/token-bucket/redis-token-bucket-store.js');
const { deriveKeys } = require('../../dist/tokens/keyring.js');

const PATIENCE_MS = 30_000;

/** One connection, which all contestants over Redis share; ours counts its commands in a metric, as in the service. */
export function openConnection(url) {
  const metrics = new Metrics('bench', []);
  const { onRedisCommand: onCommand, onRedisCommandEnded: onCommandEnded } = metrics.dependencies.events;
  // Bounded as in the service, but nobody fails because a busy machine is late.
  const connection = openRedis({ url, commandMs: PATIENCE_MS, onCommand, onCommandEnded });
  return { connection, metrics };
}

export const redisStore = (connection) => new RedisTokenBucketStore(connection, { clock });
export const memoryStore = (options) => new MemoryTokenBucketStore({ clock, ...options });

/** The arguments of the one EVALSHA that this sends: what a raw one must repeat to be the same script and the same call. */
export async function evalshaOf(client, call) {
  const sent = [];
  client.evalsha = (...args) => {
    sent.push(args);
    return Object.getPrototypeOf(client).evalsha.apply(client, args);
  };
  try {
    await call();
  } finally {
    Reflect.deleteProperty(client, 'evalsha');
  }
  if (sent.length !== 1) throw new Error(`a take sent ${sent.length} scripts`);
  return sent[0];
}

/** `rates` are those of the policies charged, by name. Limiters of different secrets share no bucket. */
export function limiterOver(store, metrics, rates, secret) {
  const unused = { capacity: 1, refillPerSecond: 1 };
  const settings = Object.fromEntries(POLICY_NAMES.map((name) => [name, rates[name] ?? unused]));
  const logger = { warn() {} };
  const policies = new PoliciesInForce({ settings, store: {}, clock, logger });
  const onDecision = metrics.limiter.countDecision.bind(metrics.limiter);
  const onLost = (error) => console.error(error);
  const events = { onDecision, onLost };
  return new Limiter({ store, policies, keys: deriveKeys([secret], 'limits'), events });
}

/** What a request does with the limiter, as middleware: address, charges, headers, 429. */
export function middlewareOver(limiter, policies) {
  return async (request, response, next) => {
    const parts = [clientAddress(request.ip)];
    try {
      await new RequestCharges(limiter, response).charge(policies.map((policy) => ({ policy, parts })));
    } catch (problem) {
      if (problem.status !== 429) throw problem;
      response.setHeader('Retry-After', problem.extras.retryAfterSeconds);
      response.status(429).send(problem.extras.detail);
      return;
    }
    next();
  };
}
