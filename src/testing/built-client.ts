import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

type ClientPackage = typeof import('../../client/src/index.js');

/** The compiled client, as it is packed. */
export function builtClient(): ClientPackage {
  const entry = join(__dirname, '..', '..', 'client', 'dist', 'index.js');
  if (!existsSync(entry))
    throw new Error('npm run client makes what this test runs; npm test does so by itself');
  return require(entry) as ClientPackage;
}

export interface ListeningApp {
  readonly baseUrl: string;
  stop(): Promise<void>;
}

/** Serves an app on a port of the loopback. */
export async function listen(app: RequestListener): Promise<ListeningApp> {
  const server: Server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface SentCall {
  readonly path: string;
  readonly origin: string;
  readonly authorization: string | null;
  readonly redirect: string;
}

type Fetch = (request: Request) => Promise<Response>;

/**
 * What a browser's page sends with: `fetch` from an address of its own, noting every call. `answer` may stand in for the
 * network, or give way to it by `pass`.
 */
export class PageNetwork {
  readonly sent: SentCall[] = [];
  /** What the browser keeps, as it sends it: `name=value`. */
  cookie: string | undefined;
  answer: (request: Request, pass: Fetch) => Promise<Response> = (request, pass) => pass(request);

  constructor(readonly address: string) {}

  readonly fetch: Fetch = async (request) => {
    const { pathname, origin } = new URL(request.url);
    const authorization = request.headers.get('Authorization');
    this.sent.push({ path: pathname, origin, authorization, redirect: request.redirect });
    return this.answer(request, (passed) => this.#pass(passed));
  };

  count(path: string): number {
    return this.sent.filter((call) => call.path === `/api/v1${path}`).length;
  }

  async #pass(request: Request): Promise<Response> {
    const headers = new Headers(request.headers);
    headers.set('X-Forwarded-For', this.address);
    if (request.credentials === 'include') {
      headers.set('Sec-Fetch-Site', 'same-origin');
      if (this.cookie !== undefined) headers.set('Cookie', this.cookie);
    }
    const response = await fetch(new Request(request, { headers }));
    for (const line of response.headers.getSetCookie()) {
      const [pair, age] = line.split('; ');
      this.cookie = age === 'Max-Age=0' ? undefined : pair;
    }
    return response;
  }
}
