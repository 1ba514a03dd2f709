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
import type { HttpAnswer } from '../instance/http-call';
import type { CallName } from '../instance/instance-facts';

/** Answers of every kind: data, a refusal, an unknown path, pages. */
const SAMPLES = [
  'anonymous',
  'unknownPath',
  'unknownRootPath',
  'jwks',
  'page',
  'docs',
] as const satisfies CallName[];
const PAGES = ['page', 'docs'] as const satisfies CallName[];
const BELOW_BASE = [
  'anonymous',
  'badToken',
  'unknownPath',
  'wrongMethod',
  'malformedJson',
  'guest',
] as const satisfies CallName[];

const GOOD = pass('as it must be');
const YEAR = 31_536_000;

/** Judges several answers; what is wrong is told with the names of the calls it is wrong of. */
function eachAnswer(
  { instance }: Facts,
  names: readonly CallName[],
  judgement: (answer: HttpAnswer) => Outcome,
): Outcome {
  return judge(instance, ({ answers }) => {
    const outcomes = names.map((name) => {
      const answer = answers[name];
      return { name, ...(answer === undefined ? notChecked('no answer') : judgement(answer)) };
    });
    const { verdict } = worst(outcomes, notChecked('nothing asked'));
    if (verdict === 'pass') return pass(`${names.length} answers of ${names.length}`);
    const such = outcomes.filter((outcome) => outcome.verdict === verdict);
    const faults = [...new Set(such.map(({ evidence }) => evidence))].map((evidence) => {
      const at = such.filter((outcome) => outcome.evidence === evidence).map(({ name }) => name);
      return `${evidence} (${at.length === names.length ? `all ${at.length}` : at.join(', ')})`;
    });
    return { verdict, evidence: faults.join('; ') };
  });
}

/** The directives of a Content-Security-Policy. */
function policyOf({ headers }: HttpAnswer): ReadonlyMap<string, string> {
  const text = String(headers['content-security-policy'] ?? '');
  return new Map(
    text.split(';').map((directive) => {
      const [name = '', ...values] = directive.trim().split(/\s+/);
      return [name.toLowerCase(), values.join(' ')];
    }),
  );
}

function contentPolicy(answer: HttpAnswer): Outcome {
  const policy = policyOf(answer);
  const objects = policy.get('object-src') ?? policy.get('default-src');
  const scripts = policy.get('script-src') ?? policy.get('default-src') ?? '*';
  if (objects !== "'none'") return fail("object-src is not 'none'");
  if (policy.get('base-uri') !== "'none'") return fail("base-uri is not 'none'");
  return /'unsafe-(?:inline|eval)'|(?:^|\s)(?:\*|https?:)(?:\s|$)/.test(scripts)
    ? fail('scripts from anywhere or inline')
    : GOOD;
}

function header(
  id: string,
  level: 2 | 3,
  title: string,
  names: readonly CallName[],
  field: string,
  good: RegExp,
): Check {
  return {
    id,
    level,
    must: level === 2,
    title,
    run: (facts) =>
      eachAnswer(facts, names, ({ headers }) =>
        good.test(String(headers[field] ?? '')) ? GOOD : fail(`${field} is not so`),
      ),
  };
}

export const headerChecks: readonly Check[] = [
  {
    id: 'V3.4.1',
    level: 1,
    must: true,
    title: 'Browsers are held to https (HSTS)',
    run(facts) {
      if (facts.instance.seen && !facts.instance.value.origin.startsWith('https:')) {
        return notApplicable('asked over http, where browsers ignore it');
      }
      return eachAnswer(facts, SAMPLES, ({ headers }) => {
        const value = String(headers['strict-transport-security'] ?? '');
        if (Number(/max-age=(\d+)/i.exec(value)?.[1] ?? 0) < YEAR) return fail('less than a year');
        return /includeSubDomains/i.test(value)
          ? GOOD
          : warn('without includeSubDomains, which level 2 asks for');
      });
    },
  },
  {
    id: 'V3.4.3',
    level: 2,
    must: true,
    title: 'A Content-Security-Policy lets in nothing foreign',
    run: (facts) => eachAnswer(facts, SAMPLES, contentPolicy),
  },
  header(
    'V3.4.4',
    2,
    'Nothing is sniffed (X-Content-Type-Options)',
    SAMPLES,
    'x-content-type-options',
    /^nosniff$/i,
  ),
  header(
    'V3.4.5',
    2,
    'No URL is told to others (Referrer-Policy)',
    SAMPLES,
    'referrer-policy',
    /^(?:no-referrer|same-origin|strict-origin)$/i,
  ),
  {
    id: 'V3.4.6',
    level: 2,
    must: true,
    title: 'Nothing can be framed (frame-ancestors)',
    run: (facts) =>
      eachAnswer(facts, SAMPLES, (answer) => {
        const ancestors = policyOf(answer).get('frame-ancestors');
        return ancestors === "'none'" || ancestors === "'self'" ? GOOD : fail('it can be framed');
      }),
  },
  header(
    'V3.4.8',
    3,
    'Pages share no window with others (COOP)',
    PAGES,
    'cross-origin-opener-policy',
    /^same-origin(?:-allow-popups)?$/i,
  ),
  header(
    'V14.3.2',
    2,
    'Nothing below /api/v1 is kept by a cache',
    BELOW_BASE,
    'cache-control',
    /\bno-store\b/i,
  ),
  {
    id: 'V13.4.6',
    level: 3,
    must: false,
    title: 'No header tells what it is made of',
    run: (facts) =>
      eachAnswer(facts, SAMPLES, ({ headers }) => {
        if (headers['x-powered-by'] !== undefined) return fail('X-Powered-By');
        return /\d/.test(String(headers['server'] ?? '')) ? fail('Server with a version') : GOOD;
      }),
  },
];
