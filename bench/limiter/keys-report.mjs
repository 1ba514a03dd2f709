import { median } from './rounds.mjs';

/** Runs thrown away first, until what is taken with is compiled. */
const WARM_UP_RUNS = 2;
const P50_WITHIN = 1.1;
const P99_WITHIN = 1.5;
const KEPT_AT_MOST = 0.05;

/**
 * Fills a population of many keys and one of few, measures takes in turns and memory before, with, and after the many.
 * A population is `{ memory(), fill(), run(takes), atTheBound?(), forget(), close() }`.
 */
export async function compareKeys(title, open, { many, few, runs, takes }) {
  const populations = [];
  try {
    for (const keys of [many, few]) populations.push(await open(keys));
    const [large, small] = populations;
    const before = await large.memory();
    for (const population of populations) await population.fill();
    const full = await large.memory();
    console.log(`\n${title}: memory`);
    console.log(`  before                   ${megabytes(before)}`);
    const each = Math.round((full - before) / many);
    console.log(`  with ${thousands(many).padEnd(20)}${megabytes(full)}   ${each} bytes a key`);
    printTimes(title, many, await timesOf(large, small, runs, takes), few, true);
    for (const line of await large.atTheBound()) console.log(`  ${line}`);
    for (const line of await large.forget()) console.log(`  ${line}`);
    const after = await large.memory();
    const kept = (after - before) / (full - before);
    const verdict = kept <= KEPT_AT_MOST ? 'met' : 'NOT MET';
    console.log(
      `  once full again          ${megabytes(after)}   ${(100 * kept).toFixed(1)} % kept, at most 5 %: ${verdict}`,
    );
  } finally {
    for (const population of populations) await population.close();
  }
}

/** Takes alone, of a yardstick: it has no target. */
export async function compareTimes(title, open, { many, few, runs, takes }) {
  const populations = [];
  try {
    for (const keys of [many, few]) populations.push(await open(keys));
    for (const population of populations) await population.fill();
    printTimes(title, many, await timesOf(...populations, runs, takes), few, false);
  } finally {
    for (const population of populations) await population.close();
  }
}

async function timesOf(large, small, runs, takes) {
  const found = new Map([
    [large, []],
    [small, []],
  ]);
  for (let run = -WARM_UP_RUNS; run < runs; run += 1) {
    // Who goes first alternates.
    for (const population of run % 2 === 0 ? [large, small] : [small, large]) {
      const percentiles = await population.run(takes);
      if (run >= 0) found.get(population).push(percentiles);
    }
  }
  const medians = (population) => ({
    p50: median(found.get(population).map(({ p50 }) => p50)),
    p99: median(found.get(population).map(({ p99 }) => p99)),
  });
  return { large: medians(large), small: medians(small) };
}

function printTimes(title, many, { large, small }, few, hasTarget) {
  console.log(`\n${`${title}: microseconds of a take`.padEnd(50)}p50       p99`);
  const row = (name, { p50, p99 }) =>
    console.log(`  ${name.padEnd(42)}${p50.toFixed(2).padStart(9)}${p99.toFixed(2).padStart(10)}`);
  row(`at ${thousands(few)} keys`, small);
  row(`at ${thousands(many)} keys`, large);
  for (const [figure, within] of [
    ['p50', P50_WITHIN],
    ['p99', P99_WITHIN],
  ]) {
    const ratio = large[figure] / small[figure];
    const verdict = ratio <= within ? 'met' : 'NOT MET';
    const judged = hasTarget ? `, at most ${within}: ${verdict}` : '';
    console.log(`  ${figure}: ${ratio.toFixed(3)} times${judged}`);
  }
  console.log('');
}

/** Of durations in nanoseconds, in microseconds. */
export function percentilesOf(durations) {
  durations.sort();
  const at = (share) => durations[Math.ceil(durations.length * share) - 1] / 1_000;
  return { p50: at(0.5), p99: at(0.99) };
}

const thousands = (count) => count.toLocaleString('en');
const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1).padStart(8)} MB`;
