import { KINDS, NAMES, useOnce } from './contestants.mjs';
import { median, race, ratioOf } from './rounds.mjs';

/** What is compared with what, and what the ratio must be: at least so much, or not provably below 1. */
const COMPARISONS = [
  [NAMES.store, NAMES.raw, { atLeast: 0.95 }],
  [NAMES.limiter, NAMES.raw, undefined],
  [NAMES.store, NAMES.flexible, { reaches: 1 }],
  [NAMES.limiter, NAMES.flexible, { reaches: 1 }],
  [NAMES.store, NAMES.increment, { reaches: 1 }],
  [NAMES.middleware, NAMES.express, { reaches: 1 }],
  [NAMES.middleware, NAMES.express8, { reaches: 1 }],
];
/** Of a table: heading, figure, decimals. CPU is what a busy machine leaves alone: how long one decision needs each side. */
const COLUMNS = [
  ['a second', 'perSecond', 0],
  ['us here', 'clientUs', 1],
  ['us Redis', 'serverUs', 1],
];
const WIDTH = 40;
const verdicts = [];

export function printHead({ machine, libraries }) {
  console.log(`${machine}\n${libraries.join(', ')}

What a decision is:
  ours                    exact token buckets, all taken from or none, in one script by Redis' time; says what remains and
                          when the next token comes; keys are digests; commands of one turn share a write, eight at
                          most, where the others and the raw script write each by itself
  rate-limiter-flexible   a counter in a fixed window (up to twice the limit around its edge); a denied try counts too;
                          several limits are charged apart, and a refusal gives none back
  express-rate-limit      with rate-limit-redis the same; several limits are charged one after the other`);
}

/** Runs all contestants under each load and prints what came of it. */
export async function compete(title, contestantsOf, loads) {
  const contestants = KINDS.flatMap(contestantsOf);
  await useOnce(contestants);
  for (const load of loads) {
    const figures = await race(contestants, load);
    const heading = `${title}, ${load.parallel === 1 ? 'one at a time' : `${load.parallel} at a time`}`;
    print(heading, contestants, figures);
  }
}

/** How many targets were met, and those that were not. */
export function printVerdicts() {
  const missed = verdicts.filter(({ met }) => !met);
  console.log(`\nTargets met: ${verdicts.length - missed.length} of ${verdicts.length}. Not met:`);
  for (const { text } of missed) console.log(`  ${text}`);
}

function print(heading, contestants, figures) {
  const of = (name, kind) => figures.get(contestants.find((one) => one.name === name && one.kind === kind));
  const names = [...new Set(contestants.map(({ name }) => name))];
  const columns = COLUMNS.map(([title]) => title.padStart(10)).join('');
  console.log(
    `\n${heading.padEnd(WIDTH)}${KINDS.map((kind) => `  ${`${kind}:`.padEnd(8)}${columns}`).join('')}`,
  );
  for (const name of names) {
    const cells = KINDS.map(
      (kind) => ' '.repeat(10) + COLUMNS.map((column) => cell(of(name, kind), column)).join(''),
    );
    console.log(`${name.padEnd(WIDTH)}${cells.join('')}`);
  }
  console.log('');
  for (const [ours, theirs, target] of COMPARISONS) {
    if (!names.includes(theirs)) continue;
    for (const kind of KINDS) {
      const found = ratioOf(of(ours, kind), of(theirs, kind));
      const compared = `${ours} / ${theirs}, ${kind}`;
      const verdict = judge(found, target);
      const { ratio, low, high } = found;
      const figure = `${ratio.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
      console.log(`${compared.padEnd(WIDTH + 34)}${figure}  ${verdict.text}`);
      if (target) verdicts.push({ met: verdict.met, text: `${heading}: ${compared}: ${figure}` });
    }
  }
}

function cell(rounds, [, figure, decimals]) {
  return median(rounds.map((round) => round[figure]))
    .toFixed(decimals)
    .padStart(10);
}

function judge({ ratio, high }, target) {
  if (target === undefined) return { text: '' };
  const met = target.reaches === undefined ? ratio >= target.atLeast : high >= target.reaches;
  const wanted = target.reaches === undefined ? `at least ${target.atLeast}` : `reaches ${target.reaches}`;
  return { met, text: `${wanted}: ${met ? 'met' : 'NOT MET'}` };
}
