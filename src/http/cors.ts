import cors from 'cors';
import type { RequestHandler } from 'express';

/**
 * Browsers on these origins, named exactly, may call the API. To any other the API answers as if CORS did not exist, and
 * OPTIONS stays a method that no call has.
 */
export function corsFor(origins: readonly string[]): RequestHandler {
  const allow = cors({
    origin: [...origins],
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type', 'X-Request-Id', 'traceparent', 'tracestate'],
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
  return (request, response, next) => {
    const { origin } = request.headers;
    if (origin !== undefined && origins.includes(origin)) return allow(request, response, next);
    response.vary('Origin');
    next();
  };
}
