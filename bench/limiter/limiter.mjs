// How fast are limiter decisions, side by side with the libraries of the field and with nothing but the script itself?
// All contestants take turns in every round, in an order that is shuffled; those over Redis share one server, which the
// bench starts on the loopback, and one ioredis connection. Admitted: the limit is never reached. Denied: it is, always.
//
//   npm run bench:limiter                          41 rounds, 3,000 decisions each turn 64 at a time, 300 one at a time
//   ROUNDS=11 DECISIONS=1000 npm run bench:limiter
//   REDIS_SERVER=valkey-server npm run bench:limiter
//
// The first run installs the libraries beside this file, as locked. Figures are medians of the rounds; ratios are taken
// within a round, and their median and its 95 % interval (bootstrap) are shown. Met: against the raw script the median
// is at least 0.95; against a library the interval reaches 1.0. Ends with code 1 if a decision is wrong, or nothing
// could be measured; a missed target is printed, no more, for it may be the machine's.
import { availableParallelism } from 'node:os';
import { prepare } from '../../scripts/prepare.mjs';
import { startRedis } from '../redis.mjs';
import { installLibraries, libraryVersions } from './libraries.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 41);
const DECISIONS = Number(process.env.DECISIONS ?? 3_000);
const PARALLEL = 64;

await prepare({ build: true });
installLibraries();
const { memoryContestants, redisContestants } = await import('./contestants.mjs');
const { openConnection } = await import('./ours.mjs');
const { compete, printHead, printVerdicts } = await import('./report.mjs');

const redis = await startRedis();
const ours = openConnection(redis.url);
try {
  await ours.connection.ready();
  const [, version] = /redis_version:(\S+)/.exec(await ours.connection.client.info('server'));
  printHead({
    machine: `Redis ${version}, Node ${process.version}, ${availableParallelism()} cores, ${ROUNDS} rounds`,
    libraries: libraryVersions(),
  });
  const serverCpu = () => microsecondsOf(ours.connection.client);
  const parallel = { rounds: ROUNDS, decisions: DECISIONS, parallel: PARALLEL, serverCpu };
  const single = { ...parallel, decisions: Math.ceil(DECISIONS / 10), parallel: 1 };
  const overRedis = (buckets) => (kind) => redisContestants(ours, kind, buckets);
  await compete('Redis, one bucket', overRedis(1), [parallel, single]);
  await compete('Redis, two buckets', overRedis(2), [parallel, single]);
  await compete('In process, one bucket', (kind) => memoryContestants(ours, kind), [
    { ...parallel, decisions: DECISIONS * 5, serverCpu: async () => 0 },
  ]);
  printVerdicts();
} finally {
  await ours.connection.close();
  await redis.stop();
}
// The libraries keep timers of a day.
process.exit();

/** CPU that the server has used so far. */
async function microsecondsOf(client) {
  const used = (await client.info('cpu')).matchAll(/used_cpu_(?:sys|user):([\d.]+)/g);
  return [...used].reduce((sum, [, seconds]) => sum + Number(seconds) * 1e6, 0);
}
