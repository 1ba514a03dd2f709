import { SigningKeys } from '../../tokens/signing-keys';
import { type Check, fail, judge, notApplicable, notChecked, type Outcome, pass, worst } from '../check';
import type { Facts } from '../facts';
import type { HttpAnswer } from '../instance/http-call';
import { type CallName, TRACE_MARK } from '../instance/instance-facts';

const PROBLEM = /^application\/problem\+json\b/;
/** What an answer says only by mistake: stacks, files, queries, names of libraries. */
const INSIDE =
  /\n\s+at |node_modules|\/(?:src|dist)\/|\.(?:[cm]?js|ts):\d|\b(?:SyntaxError|TypeError|Unexpected (?:token|end)|in JSON at|express|prisma|ioredis|redis|postgres|body-parser|SELECT |INSERT )/i;

function eachOf(
  { instance }: Facts,
  judgements: Partial<Record<CallName, (answer: HttpAnswer) => Outcome>>,
): Outcome {
  return judge(instance, ({ answers }) =>
    worst(
      Object.entries(judgements).map(([name, judgement]) => {
        const answer = answers[name as CallName];
        if (answer === undefined) return notChecked(`${name}: no answer`);
        return answer.status === 429 ? notChecked(`${name}: 429`) : judgement(answer);
      }),
      notApplicable('nothing asked'),
    ),
  );
}

const plainProblem = (name: string, status: number) => (answer: HttpAnswer) => {
  if (INSIDE.test(answer.body)) return fail(`${name}: it tells of the inside`);
  if (!PROBLEM.test(String(answer.headers['content-type']))) return fail(`${name}: no problem document`);
  return answer.status === status
    ? pass(`${name}: ${status}`)
    : fail(`${name}: ${answer.status}, not ${status}`);
};

const typed = (name: string, type: RegExp) => (answer: HttpAnswer) =>
  type.test(String(answer.headers['content-type'])) ? pass(name) : fail(`${name}: another Content-Type`);

const challenged = (name: string, scheme: RegExp) => (answer: HttpAnswer) => {
  if (answer.status !== 401) return fail(`${name}: ${answer.status}, not 401`);
  return scheme.test(String(answer.headers['www-authenticate'])) ? pass(name) : fail(`${name}: no challenge`);
};

const refused = (name: string, statuses: readonly number[]) => (answer: HttpAnswer) => {
  if (answer.body.includes(TRACE_MARK)) return fail(`${name}: it is echoed`);
  return statuses.includes(answer.status)
    ? pass(`${name}: ${answer.status}`)
    : fail(`${name}: ${answer.status}`);
};

export const answerChecks: readonly Check[] = [
  {
    id: 'TG-14',
    level: null,
    must: true,
    title: 'The running instance answers',
    run({ instance, instanceAskedFor }) {
      if (instance.seen) return pass(instance.value.origin);
      return instanceAskedFor ? fail(instance.reason) : notChecked(instance.reason);
    },
  },
  {
    id: 'V16.5.1',
    level: 2,
    must: true,
    title: 'Errors tell nothing of the inside',
    run: (facts) =>
      eachOf(facts, {
        unknownPath: plainProblem('an unknown path', 404),
        unknownRootPath: plainProblem('another', 404),
        malformedJson: plainProblem('malformed JSON', 400),
        wrongMethod: plainProblem('a wrong method', 405),
      }),
  },
  {
    id: 'V4.1.1',
    level: 1,
    must: true,
    title: 'Answers say what they are, text in which encoding',
    run: (facts) =>
      eachOf(facts, {
        anonymous: typed('a problem', PROBLEM),
        page: typed('a page', /^text\/html; *charset=utf-8$/i),
        docs: typed('the documentation', /^text\/html; *charset=utf-8$/i),
        jwks: typed('the keys', /^application\/(?:jwk-set\+)?json\b/),
      }),
  },
  {
    id: 'TG-15',
    level: null,
    must: true,
    title: 'A 401 says how to authenticate (RFC 9110, 6750)',
    run: (facts) =>
      eachOf(facts, {
        anonymous: challenged('without a token', /^Bearer\b/),
        badToken: challenged('with a bad one', /^Bearer\b.*error="invalid_token"/),
      }),
  },
  {
    id: 'V4.1.4',
    level: 3,
    must: false,
    title: 'Methods that a path does not have are refused',
    run: (facts) =>
      eachOf(facts, {
        wrongMethod: refused('DELETE', [405]),
        unknownMethod: refused('PROPFIND', [400, 404, 405, 501]),
      }),
  },
  {
    id: 'V13.4.4',
    level: 2,
    must: true,
    title: 'TRACE is refused, and echoes nothing',
    run: (facts) => eachOf(facts, { trace: refused('TRACE', [400, 403, 404, 405, 501]) }),
  },
  {
    id: 'V13.4.5',
    level: 2,
    must: true,
    productionOnly: true,
    title: 'Metrics are for whoever has their token',
    run: (facts) => eachOf(facts, { metrics: challenged('without a token', /^Bearer\b/) }),
  },
  {
    id: 'TG-16',
    level: null,
    must: true,
    title: 'The published keys are those that sign, without their private parts',
    run(facts) {
      const expected = new SigningKeys(facts.config.signing).jwks().keys.map(({ kid }) => kid);
      return eachOf(facts, { jwks: (answer) => published(answer.body, expected) });
    },
  },
];

function published(body: string, expected: readonly string[]): Outcome {
  let keys: readonly Record<string, unknown>[];
  try {
    keys = JSON.parse(body).keys;
    if (!Array.isArray(keys)) return fail('no set of keys');
  } catch {
    return fail('no JSON');
  }
  if (keys.some((key) => ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'].some((part) => part in key))) {
    return fail('a private part is published: change the keys at once');
  }
  const kids = keys.map(({ kid }) => String(kid));
  const lacking = expected.filter((kid) => !kids.includes(kid));
  if (lacking.length > 0)
    return fail(`${lacking.length} of ${expected.length} keys of these settings are lacking`);
  return kids.length > expected.length
    ? fail(`${kids.length - expected.length} keys that these settings do not have`)
    : pass(kids.length === 0 ? 'none: HS256' : `${kids.length}`);
}
