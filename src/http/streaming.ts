import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Response } from 'express';
import type { output, ZodType } from 'zod';

/** Milliseconds that a client may take over one piece. */
const PIECE_MS = 30_000;

/** Told to whoever makes the pieces where nobody takes them any more. */
class ClientLeft extends Error {
  override readonly name = 'ClientLeft';
}

/**
 * Sends a body piece by piece, in constant memory: a piece is asked for once the one before it has been handed to the
 * connection. The first is made before the head goes out, so that what fails there is still a problem; what fails later
 * cuts the connection, and the client can see that the end is missing. A client that leaves, or takes 30 s over a piece,
 * ends the making.
 */
export async function sendStream(
  response: Response,
  contentType: string,
  pieces: AsyncIterable<string>,
  pieceMs = PIECE_MS,
): Promise<void> {
  response.type(contentType);
  if (response.req.method === 'HEAD') {
    response.end();
    return;
  }
  try {
    for await (const piece of pieces) await write(response, piece, pieceMs);
    response.end();
  } catch (error) {
    if (!(error instanceof ClientLeft)) throw error;
    response.destroy();
  }
}

/** Resolves when the connection has taken all of it. Throws `ClientLeft`. */
async function write(response: Response, piece: string, withinMs: number): Promise<void> {
  if (response.destroyed) throw new ClientLeft();
  const settled = new AbortController();
  const { signal } = settled;
  try {
    await Promise.race([
      new Promise<void>((resolve, reject) => {
        response.write(piece, (error) => (error ? reject(new ClientLeft()) : resolve()));
      }),
      once(response, 'close', { signal }).then(leave),
      delay(withinMs, undefined, { signal }).then(leave),
    ]);
  } finally {
    settled.abort();
  }
}

function leave(): never {
  throw new ClientLeft();
}

/** Values as newline-delimited JSON, a batch to a piece. Each passes through the schema and loses what that does not name. */
export async function* ndjson<S extends ZodType>(
  schema: S,
  batches: AsyncIterable<readonly output<S>[]>,
): AsyncGenerator<string> {
  for await (const batch of batches) {
    yield batch.map((value) => `${JSON.stringify(schema.parse(value))}\n`).join('');
  }
}
