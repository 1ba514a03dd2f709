import { z } from 'zod';
import type { Health } from '../health';
import type { Metrics } from '../observability/metrics';
import type { SigningKeys } from '../tokens/signing-keys';
import { type AnyEndpoint, endpoint } from './endpoint';

export interface OperationsServices {
  readonly health: Health;
  readonly metrics: Metrics;
  readonly signingKeys: SigningKeys;
}

const healthReport = z
  .object({
    status: z.enum(['ready', 'unavailable', 'draining']),
    checks: z.record(z.string(), z.enum(['up', 'down'])),
  })
  .meta({
    examples: [
      { status: 'ready', checks: { postgresql: 'up', redis: 'up', smtp: 'up' } },
      { status: 'unavailable', checks: { postgresql: 'down', redis: 'up', smtp: 'up' } },
    ],
  });

const publicKey = z.looseObject({ kty: z.string(), kid: z.string() }).meta({
  examples: [
    {
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
      alg: 'ES256',
      kid: 'qL5yJk3Yb7Rz0aXw',
      use: 'sig',
    },
  ],
});

/** System calls at the root: no token, no limit. */
export const operationsEndpoints: readonly AnyEndpoint<OperationsServices>[] = [
  endpoint({
    method: 'get',
    path: '/health/live',
    name: 'live',
    summary: 'Whether the process serves',
    access: 'public',
    status: 200,
    response: z.object({ status: z.literal('live') }),
    errors: [],
    handler: async () => ({ body: { status: 'live' as const } }),
  }),
  endpoint({
    method: 'get',
    path: '/health/ready',
    name: 'ready',
    summary: 'Whether the process should get requests',
    description: '503 while PostgreSQL or Redis is away or the process drains. SMTP shows in `checks` alone.',
    access: 'public',
    status: 200,
    response: healthReport,
    errors: [],
    toldInForm: ['dependency_unavailable'],
    handler: async ({ health }: OperationsServices) => {
      const report = await health.report();
      return {
        body: { ...report },
        ...(report.status !== 'ready' && {
          problem: 'dependency_unavailable' as const,
          headers: { 'Retry-After': '1' },
        }),
      };
    },
  }),
  endpoint({
    method: 'get',
    path: '/.well-known/jwks.json',
    name: 'jwks',
    summary: 'The public keys of access tokens',
    description: 'RFC 7517. None while signing is HS256.',
    access: 'public',
    status: 200,
    response: z.object({ keys: z.array(publicKey) }),
    errors: [],
    handler: async ({ signingKeys }: OperationsServices) => ({
      body: { keys: signingKeys.jwks().keys.map((key) => ({ ...key, kty: String(key.kty) })) },
      headers: { 'Cache-Control': 'public, max-age=300' },
    }),
  }),
];

/** `GET /metrics`, behind its own token where one is set. */
export const metricsEndpoints: readonly AnyEndpoint<OperationsServices>[] = [
  endpoint({
    method: 'get',
    path: '/metrics',
    name: 'metrics',
    summary: 'Metrics in the Prometheus text format',
    description: 'With `METRICS_TOKEN` set, only with that Bearer token.',
    access: 'public',
    status: 200,
    response: z.string().meta({
      examples: ['# TYPE login_requests_total counter\nlogin_requests_total{outcome="success"} 1\n'],
    }),
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    errors: ['unauthenticated', 'invalid_token'],
    handler: async ({ metrics }: OperationsServices) => ({ body: await metrics.scrape() }),
  }),
];
