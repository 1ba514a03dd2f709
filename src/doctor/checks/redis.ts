import type { RedisFacts } from '../../stores/redis/redis-facts';
import {
  type Check,
  fail,
  judge,
  notApplicable,
  notChecked,
  type Outcome,
  pass,
  warn,
  worst,
} from '../check';
import type { Facts } from '../facts';
import { clockOutcome } from './database';

/** `SET … KEEPTTL`, which the scripts of the limits use, is of 6.0. */
const OLDEST_MAJOR = 6;

const UNTOLD = 'its access list does not let us ask (INFO)';

/** Judges every server; without Redis there is nothing to judge. */
function eachServer({ config, redis }: Facts, judgement: (server: RedisFacts) => Outcome): Outcome {
  if (config.redisUrl === undefined) return notApplicable('none: the working state is kept in the process');
  return judge(redis, (servers) => worst(servers.map(judgement), fail('no server of the cluster is known')));
}

export const redisChecks: readonly Check[] = [
  {
    id: 'TG-10',
    level: null,
    must: true,
    title: 'Redis answers',
    run(facts) {
      if (facts.config.redisUrl !== undefined && !facts.redis.seen) return fail(facts.redis.reason);
      return eachServer(facts, ({ own }) => {
        if (own === undefined) return pass('it does');
        const evidence = `version ${own.version}`;
        return Number.parseInt(own.version, 10) < OLDEST_MAJOR
          ? fail(`${evidence}: scripts need 6.0 or newer`)
          : pass(evidence);
      });
    },
  },
  {
    id: 'TG-11',
    level: null,
    must: true,
    title: 'A full Redis refuses rather than forgets',
    run(facts) {
      return eachServer(facts, ({ own }) => {
        if (own === undefined) return notChecked(UNTOLD);
        const { maxMemory, evictionPolicy } = own;
        const bound = maxMemory === 0 ? 'no bound' : `bound ${Math.round(maxMemory / 2 ** 20)} MiB`;
        const evidence = `maxmemory-policy ${evictionPolicy}, ${bound}`;
        if (evictionPolicy === 'noeviction') return pass(evidence);
        // All keys expire, so the volatile policies take ours as well.
        const why = 'by filling it anybody empties buckets, and with them the limits';
        return maxMemory === 0 ? warn(`${evidence}; with one, ${why}`) : fail(`${evidence}: ${why}`);
      });
    },
  },
  {
    id: 'TG-12',
    level: null,
    must: false,
    title: 'Redis keeps its state over a restart',
    run(facts) {
      return eachServer(facts, ({ own, snapshots }) => {
        if (own === undefined) return notChecked(UNTOLD);
        if (!own.lastWriteOk) return fail('its last write to disk failed: it may refuse writes');
        const kept = [...(own.aof ? ['append-only file'] : []), ...(snapshots === true ? ['snapshots'] : [])];
        if (kept.length > 0) return pass(kept.join(' and '));
        const doubt = snapshots === undefined ? ' that we may see' : '';
        return warn(`nothing${doubt}: a restart logs nobody out, but forgets codes and fills every bucket`);
      });
    },
  },
  {
    id: 'V16.2.2',
    level: 2,
    must: true,
    title: 'The clock of Redis agrees with ours',
    run: (facts) => eachServer(facts, ({ clock }) => clockOutcome(clock)),
  },
];
