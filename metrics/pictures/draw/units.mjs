// Numbers as Grafana writes them, for the units that the dashboards have.

const AS_THEY_ARE = { none: '', short: '', reqps: ' req/s', cps: ' c/s', ops: ' ops/s' };
const DURATIONS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
  [1e-9, 'ns'],
];
const SIZES = [
  [2 ** 30, 'GiB'],
  [2 ** 20, 'MiB'],
  [2 ** 10, 'KiB'],
  [1, 'B'],
];
const COUNTS = [
  [1e9, 'Bil'],
  [1e6, 'Mil'],
  [1e3, 'K'],
];

/** A value with its unit, to three digits or to so many decimals. Throws on a unit that no dashboard had so far. */
export function told(value, unit, decimals) {
  if (!Number.isFinite(value)) return '-';
  if (unit === 'percentunit') return `${digits(value * 100, decimals)}%`;
  if (unit === 's') return scaled(value, DURATIONS, decimals) ?? '0 s';
  if (unit === 'bytes') return scaled(value, SIZES, decimals) ?? '0 B';
  if (AS_THEY_ARE[unit] === undefined) throw new Error(`there is a new unit: ${unit}`);
  return `${scaled(value, COUNTS, decimals) ?? digits(value, decimals)}${AS_THEY_ARE[unit]}`;
}

/**
 * The end of an axis for values up to `most`, and the step from line to line: up to five steps, each a round number of the
 * unit. Whole numbers get whole steps.
 */
export function axisFor(most, unit, whole) {
  const top = most > 0 ? most : 1;
  const base = unit === 'bytes' ? (SIZES.find(([size]) => top >= size * 2)?.[0] ?? 1) : baseOfTime(top, unit);
  const rough = top / base / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const round = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough * 0.999);
  const step = base * (whole ? Math.max(1, Math.ceil(round)) : round);
  return { step, max: step * Math.ceil(top / step - 1e-9) };
}

/** Minutes and hours are stepped in themselves. */
function baseOfTime(top, unit) {
  return unit === 's' && top >= 120 ? (top >= 7_200 ? 3_600 : 60) : 1;
}

function scaled(value, scales, decimals) {
  const found = scales.find(([size]) => Math.abs(value) >= size * 0.9995);
  return found && `${digits(value / found[0], decimals)} ${found[1]}`;
}

function digits(value, decimals) {
  if (decimals !== undefined) return value.toFixed(decimals);
  const places = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return String(Number(value.toFixed(value !== 0 && Math.abs(value) < 0.1 ? 3 : places)));
}
