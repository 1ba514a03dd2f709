import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import express from 'express';
import pino from 'pino';
import { z } from 'zod';
import { DependencyUnavailable } from '../stores/dependency-unavailable';
import { errorHandler } from './error-handler';
import { requestContext } from './request-context';
import { ndjson, sendStream } from './streaming';

const MIB = 'x'.repeat(1_048_576);

describe('a streamed answer', () => {
  let server: Server;
  let errors: string[];
  const made = { pieces: 0, all: false, ended: Promise.resolve<unknown>(undefined) };

  /** Serves these pieces; `made` tells how far the making came. */
  async function serve(pieces: () => AsyncIterable<string>, pieceMs?: number): Promise<void> {
    const events = new EventEmitter();
    Object.assign(made, { pieces: 0, all: false, ended: once(events, 'ended') });
    const counted = async function* () {
      try {
        for await (const piece of pieces()) {
          made.pieces += 1;
          yield piece;
        }
        made.all = true;
      } finally {
        events.emit('ended');
      }
    };
    const app = express();
    app.use(requestContext());
    app.get('/', (_request, response) => sendStream(response, 'application/x-ndjson', counted(), pieceMs));
    errors = [];
    app.use(errorHandler(pino({ base: null }, { write: (line: string) => void errors.push(line) })));
    server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  async function ask(method = 'GET'): Promise<IncomingMessage> {
    const { port } = server.address() as AddressInfo;
    const sent = request({ host: '127.0.0.1', port, method });
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return response;
  }
  async function read(response: IncomingMessage): Promise<{ text: string; whole: boolean }> {
    let text = '';
    response.on('data', (chunk) => (text += String(chunk)));
    response.on('error', () => {});
    await new Promise((resolve) => response.once('close', resolve));
    return { text, whole: response.complete };
  }

  it('is what the pieces are, one after the other', async () => {
    await serve(async function* () {
      yield 'one ';
      yield 'zwei ☃ ';
      yield '';
      yield 'three';
    });
    const response = await ask();
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'application/x-ndjson',
      'transfer-encoding': 'chunked',
    });
    expect(await read(response)).toEqual({ text: 'one zwei ☃ three', whole: true });
    expect(made.all).toBe(true);
  });

  it('may be empty', async () => {
    await serve(async function* () {});
    expect(await read(await ask())).toEqual({ text: '', whole: true });
    expect(made.all).toBe(true);
  });

  it('is a problem where its beginning fails', async () => {
    // biome-ignore lint/correctness/useYield: it fails before it would
    await serve(async function* () {
      throw new DependencyUnavailable('postgresql', new Error('away'));
    });
    const response = await ask();
    expect(response.statusCode).toBe(503);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(JSON.parse((await read(response)).text)).toMatchObject({ code: 'dependency_unavailable' });
  });

  it('is cut, and not ended, where it fails later', async () => {
    await serve(async function* () {
      yield 'one';
      throw new DependencyUnavailable('postgresql', new Error('away'));
    });
    expect(await read(await ask())).toEqual({ text: 'one', whole: false });
    expect(errors).toHaveLength(1);
  });

  it('is not made for HEAD', async () => {
    await serve(async function* () {
      yield 'one';
    });
    const response = await ask('HEAD');
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('application/x-ndjson');
    expect(await read(response)).toEqual({ text: '', whole: true });
    expect(made.pieces).toBe(0);
  });

  it('ends in the middle when the client leaves, which is nobody’s fault', async () => {
    const client = new EventEmitter();
    const left = once(client, 'left');
    await serve(async function* () {
      yield 'one';
      await left;
      for (let piece = 0; piece < 1_000; piece++) yield MIB;
    });
    const response = await ask();
    response.on('error', () => {});
    await once(response, 'data');
    response.destroy();
    client.emit('left');
    await made.ended;
    expect(made.all).toBe(false);
    expect(made.pieces).toBeLessThan(1_000);
    expect(errors).toEqual([]);
  });

  it('is made no faster than the client takes it', async () => {
    await serve(async function* () {
      for (let piece = 0; piece < 200; piece++) yield MIB;
    });
    const response = await ask();
    // Unread, it fills the buffers of the connection and waits; long enough for all of it to be made.
    await delay(500);
    expect(made.pieces).toBeLessThan(100);
    const { text, whole } = await read(response);
    expect({ length: text.length, whole }).toEqual({ length: 200 * MIB.length, whole: true });
    expect(made.all).toBe(true);
  });

  it('is cut when the client does not take a piece in time', async () => {
    await serve(async function* () {
      for (;;) yield MIB;
    }, 100);
    const response = await ask();
    await made.ended;
    expect((await read(response)).whole).toBe(false);
    expect(errors).toEqual([]);
  });
});

it('makes lines of values, without what the schema does not name', async () => {
  const batches = async function* () {
    yield [{ id: 1, secret: 'x' }, { id: 2 }];
    yield [{ id: 3 }];
  };
  const pieces: string[] = [];
  for await (const piece of ndjson(z.object({ id: z.int() }), batches())) pieces.push(piece);
  expect(pieces).toEqual(['{"id":1}\n{"id":2}\n', '{"id":3}\n']);
});
