// What do 1,000,000 distinct keys cost the limiter? Memory before, with as many partly used buckets, and once they are
// full again; and the time of a take at 1,000,000 keys beside that at 1,000, in runs that alternate. In Redis and in
// process, each population in a server or a process of its own.
//
//   npm run bench:limiter-keys                      1,000,000 keys, 5 runs of 20,000 takes each way
//   KEYS=100000 RUNS=3 TAKES=5000 npm run bench:limiter-keys
//
// Beside the store in process stands a bare Map, for what the machine's memory makes of so many entries by itself.
// Percentiles are medians of the runs'. Met: p50 within 10 %, p99 within 50 %, memory given back but for 5 %. Ends with
// code 1 if something cannot be measured; a missed target is printed, no more, for it may be the machine's.
import { availableParallelism } from 'node:os';
import { prepare } from '../../scripts/prepare.mjs';
import { compareKeys, compareTimes } from './keys-report.mjs';

const KEYS = Number(process.env.KEYS ?? 1_000_000);
const RUNS = Number(process.env.RUNS ?? 5);
const TAKES = Number(process.env.TAKES ?? 20_000);
const FEW = 1_000;

await prepare({ build: true });
const { openRedisPopulation } = await import('./keys-redis.mjs');
const { openMapPopulation, openMemoryPopulation } = await import('./keys-memory.mjs');

console.log(
  `${KEYS.toLocaleString('en')} keys, ${RUNS} runs of ${TAKES.toLocaleString('en')} takes one at a time, ` +
    `Node ${process.version}, ${availableParallelism()} cores`,
);
const options = { many: KEYS, few: FEW, runs: RUNS, takes: TAKES };
await compareKeys('Redis', openRedisPopulation, options);
await compareKeys('In process', openMemoryPopulation, options);
await compareTimes('A bare Map, get and set', openMapPopulation, options);
