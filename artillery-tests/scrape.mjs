/** The series of `GET /metrics` by name and labels: `login_requests_total{outcome="success"}` → number. */
export async function scrape(service) {
  const response = await fetch(`${service.baseUrl}/metrics`, { signal: AbortSignal.timeout(10_000) });
  const series = new Map();
  for (const line of (await response.text()).split('\n')) {
    const [, name, value] = /^([a-z_]+(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
    if (name !== undefined) series.set(name, Number(value));
  }
  return series;
}

/** How much the series of one counter grew, by the value of one label, summed over its other labels; what did not grow is left out. */
export function growth(before, after, counter, label) {
  const grown = {};
  for (const [series, value] of after) {
    if (!series.startsWith(`${counter}{`)) continue;
    const [, by] = new RegExp(`[{,]${label}="([^"]*)"`).exec(series) ?? [];
    const more = value - (before.get(series) ?? 0);
    if (more !== 0) grown[by] = (grown[by] ?? 0) + more;
  }
  return grown;
}
