import { type Check, fail, judge, notApplicable, notChecked, type Outcome, pass, worst } from '../check';
import type { Facts } from '../facts';

interface Cookie {
  readonly name: string;
  readonly size: number;
  /** By lower-case name; of a flag, the empty text. */
  readonly attributes: ReadonlyMap<string, string>;
}

function parseCookie(header: string): Cookie {
  const [pair = '', ...rest] = header.split(';').map((part) => part.trim());
  const attributes = new Map(
    rest.map((attribute) => {
      const [name = '', value = ''] = attribute.split('=');
      return [name.toLowerCase(), value] as const;
    }),
  );
  return { name: pair.split('=')[0] ?? '', size: Buffer.byteLength(pair), attributes };
}

/** Judges every cookie that any answer sets; also one that is being cleared bears its attributes. */
function eachCookie({ instance }: Facts, judgement: (cookie: Cookie) => Outcome): Outcome {
  return judge(instance, ({ answers }) => {
    const cookies = Object.values(answers)
      .flatMap((answer) => answer?.headers['set-cookie'] ?? [])
      .map(parseCookie);
    return worst(cookies.map(judgement), notChecked('no answer sets a cookie, not even a logout by cookie'));
  });
}

/** Browsers take neither the attribute nor the prefix from plain http, so development does without. */
function overHttps(facts: Facts, judgement: (cookie: Cookie) => Outcome): Outcome {
  return facts.config.baseUrl.startsWith('https:')
    ? eachCookie(facts, judgement)
    : notApplicable('BASE_URL is http');
}

export const cookieChecks: readonly Check[] = [
  {
    id: 'V3.3.1',
    level: 1,
    must: true,
    title: 'Cookies go over https alone (Secure)',
    run: (facts) =>
      overHttps(facts, ({ name, attributes }) =>
        attributes.has('secure') ? pass(name) : fail(`${name}: not Secure`),
      ),
  },
  {
    id: 'V3.3.2',
    level: 2,
    must: true,
    title: 'Cookies come with requests of our own pages alone (SameSite)',
    run: (facts) =>
      eachCookie(facts, ({ name, attributes }) =>
        attributes.get('samesite')?.toLowerCase() === 'strict'
          ? pass(name)
          : fail(`${name}: SameSite is not Strict`),
      ),
  },
  {
    id: 'V3.3.3',
    level: 2,
    must: true,
    title: 'Cookies are of this host alone (__Host-, Path=/, no Domain)',
    run: (facts) =>
      overHttps(facts, ({ name, attributes }) => {
        if (!name.startsWith('__Host-')) return fail(`${name}: without the prefix`);
        // A browser drops a cookie that bears the prefix and not these.
        return attributes.get('path') === '/' && !attributes.has('domain') && attributes.has('secure')
          ? pass(name)
          : fail(`${name}: its attributes are not what the prefix asks for`);
      }),
  },
  {
    id: 'V3.3.4',
    level: 2,
    must: true,
    title: 'No script reads cookies (HttpOnly)',
    run: (facts) =>
      eachCookie(facts, ({ name, attributes }) =>
        attributes.has('httponly') ? pass(name) : fail(`${name}: not HttpOnly`),
      ),
  },
  {
    id: 'V3.3.5',
    level: 3,
    must: false,
    title: 'Cookies are small enough to be kept',
    run: (facts) =>
      eachCookie(facts, ({ name, size }) => (size <= 4096 ? pass(name) : fail(`${name}: ${size} bytes`))),
  },
];
