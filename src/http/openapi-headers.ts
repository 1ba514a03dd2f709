import type { Components, Json } from './openapi-components';

const count = { type: 'integer', minimum: 0 };
const seconds = { type: 'integer', minimum: 1 };

/** Headers that many answers have. */
const HEADERS = {
  'X-Request-Id': {
    required: true,
    description: 'Names this request in logs',
    schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{8,64}$' },
    example: '1f0a7c3e-5b0d-4d52-9a55-0d6f2f6f6a11',
  },
  'RateLimit-Policy': {
    description: 'The limits that applied: q capacity, w seconds to fill',
    schema: { type: 'string' },
    example: '"global";q=300;w=6, "login";q=10;w=5',
  },
  RateLimit: {
    description: 'What is left: r tokens, t seconds to the next',
    schema: { type: 'string' },
    example: '"global";r=299;t=1, "login";r=9;t=1',
  },
  'X-RateLimit-Limit': { description: 'Capacity of the tightest limit', schema: count, example: 10 },
  'X-RateLimit-Remaining': { description: 'What is left of it', schema: count, example: 9 },
  'Retry-After': {
    required: true,
    description: 'Seconds; after a 429 one try is admitted then',
    schema: seconds,
    example: 3,
  },
  'WWW-Authenticate': {
    required: true,
    description: 'RFC 6750; with `error="invalid_token"` where a token was sent',
    schema: { type: 'string', pattern: '^Bearer( error="invalid_token")?$' },
    example: 'Bearer error="invalid_token"',
  },
} as const;

type HeaderName = keyof typeof HEADERS;

const LIMITER: readonly HeaderName[] = [
  'RateLimit-Policy',
  'RateLimit',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
];

/** What comes with a status, beside what comes with all. */
const OF_STATUS: Readonly<Record<number, readonly HeaderName[]>> = {
  401: ['WWW-Authenticate'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};

/** Headers of an answer with this status; `limited` where it tells of limits. */
export function headersOf(status: number, limited: boolean, components: Components): Json {
  const names: readonly HeaderName[] = [
    'X-Request-Id',
    ...(limited ? LIMITER : []),
    ...(OF_STATUS[status] ?? []),
  ];
  return Object.fromEntries(names.map((name) => [name, components.refer('headers', name, HEADERS[name])]));
}

/** Headers that one call has, by what they say. */
export function ownHeaders(descriptions: Readonly<Record<string, string>>): Json {
  return Object.fromEntries(
    Object.entries(descriptions).map(([name, description]) => [
      name,
      { description, schema: { type: 'string' } },
    ]),
  );
}
