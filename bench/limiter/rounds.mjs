const WARM_UP_ROUNDS = 3;
const RESAMPLES = 2_000;

/**
 * Lets every contestant decide so many times per round, in an order that is shuffled for each, after rounds that are
 * thrown away. Resolves, by contestant, to each round's decisions per second and the microseconds of CPU that one cost
 * here and in the server, whose own total `serverCpu` tells. Rejects on a decision that is not the one expected: what is
 * fast and wrong is no contestant.
 */
export async function race(contestants, { rounds, decisions, parallel, serverCpu }) {
  const figures = new Map(contestants.map((contestant) => [contestant, []]));
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    for (const contestant of shuffled(contestants)) {
      const figure = await turn(contestant, decisions, parallel, serverCpu);
      if (round >= 0) figures.get(contestant).push(figure);
    }
  }
  return figures;
}

async function turn({ name, decide, expected }, decisions, parallel, serverCpu) {
  let started = 0;
  let wrong = 0;
  const client = async () => {
    while (started < decisions) {
      const allowed = await decide(started++);
      if (allowed !== expected) wrong += 1;
    }
  };
  const serverBefore = await serverCpu();
  const clientBefore = process.cpuUsage();
  const begun = performance.now();
  await Promise.all(Array.from({ length: parallel }, client));
  const seconds = (performance.now() - begun) / 1_000;
  const { user, system } = process.cpuUsage(clientBefore);
  const server = (await serverCpu()) - serverBefore;
  if (wrong > 0) throw new Error(`${name}: ${wrong} of ${decisions} decisions were not ${expected}`);
  return {
    perSecond: decisions / seconds,
    clientUs: (user + system) / decisions,
    serverUs: server / decisions,
  };
}

/** Ratio of two contestants, taken within each round: the median, and its 95 % interval by bootstrap. */
export function ratioOf(ours, theirs) {
  const ratios = ours.map(({ perSecond }, round) => perSecond / theirs[round].perSecond);
  const medians = Array.from({ length: RESAMPLES }, () =>
    median(ratios.map(() => ratios[Math.floor(Math.random() * ratios.length)])),
  ).sort((a, b) => a - b);
  return {
    ratio: median(ratios),
    low: medians[Math.floor(RESAMPLES * 0.025)],
    high: medians[Math.ceil(RESAMPLES * 0.975) - 1],
  };
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function shuffled(items) {
  const left = [...items];
  for (let last = left.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [left[last], left[other]] = [left[other], left[last]];
  }
  return left;
}
