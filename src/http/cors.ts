import cors from 'cors';
import type { RequestHandler } from 'express';

/** Browsers on these origins, named exactly, may call the API; on no other. */
export function corsFor(origins: readonly string[]): RequestHandler {
  return cors({
    origin: [...origins],
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type', 'X-Request-Id'],
    exposedHeaders: [
      'X-Request-Id',
      'Retry-After',
      'RateLimit',
      'RateLimit-Policy',
      'X-RateLimit-Limit',
      'X-RateLimit-Remaining',
      'WWW-Authenticate',
    ],
    credentials: true,
    maxAge: 600,
  });
}
