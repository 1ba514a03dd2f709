import { isUtf8 } from 'node:buffer';
import type { Request, Response } from 'express';
import express from 'express';
import { Problem } from './problem';

/** 64 KiB: a body that has one byte more is too large. */
export const MAX_BODY_BYTES = 64 * 1024;

const SMALL_BODY_BYTES = 4 * 1024;

const parseJson = express.json({
  limit: MAX_BODY_BYTES,
  strict: false,
  inflate: false,
  type: isJson,
  verify: (_request, _response, bytes) => {
    // The parser would turn ill-formed bytes into U+FFFD, and so make different passwords the same.
    if (!isUtf8(bytes)) throw new TypeError('The body is not valid UTF-8.');
  },
});

/**
 * Reads the body, which must be JSON in UTF-8 and at most 64 KiB. No body at all gives undefined, which no schema
 * accepts. Throws `Problem` (`unsupported_media_type`, `payload_too_large`, `malformed_json`).
 */
export async function readJsonBody(request: Request, response: Response): Promise<unknown> {
  if (!hasBody(request)) return undefined;
  if (!isJson(request)) throw new Problem('unsupported_media_type');
  await new Promise<void>((resolve, reject) => {
    parseJson(request, response, (error?: unknown) =>
      error === undefined ? resolve() : reject(asProblem(error)),
    );
  });
  return request.body;
}

/** True for a body that costs next to nothing to read, or none. */
export function hasSmallBody(request: { headers: Request['headers'] }): boolean {
  if (!hasBody(request)) return true;
  return request.headers['transfer-encoding'] === undefined && lengthOf(request) <= SMALL_BODY_BYTES;
}

function hasBody(request: { headers: Request['headers'] }): boolean {
  return request.headers['transfer-encoding'] !== undefined || lengthOf(request) !== 0;
}

function lengthOf({ headers }: { headers: Request['headers'] }): number {
  return Number(headers['content-length'] ?? 0);
}

/** `application/json`, alone or with `charset=utf-8`. */
function isJson(request: { headers: Request['headers'] }): boolean {
  return /^application\/json\s*(;\s*charset="?utf-?8"?\s*)?$/i.test(request.headers['content-type'] ?? '');
}

/** The body parser tells its errors apart by `type`. */
function asProblem(error: unknown): unknown {
  const type = typeof error === 'object' && error !== null && 'type' in error ? error.type : undefined;
  switch (type) {
    case 'entity.too.large':
      return new Problem('payload_too_large', { detail: 'A body may have at most 64 KiB.' });
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new Problem('unsupported_media_type');
    case 'entity.parse.failed':
    case 'request.size.invalid':
    case 'request.aborted':
      return new Problem('malformed_json', { cause: error });
    case 'entity.verify.failed':
      return new Problem('malformed_json', { detail: 'The body is not valid UTF-8.' });
    default:
      return error;
  }
}
