import { type IncomingHttpHeaders, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';

/** Milliseconds that one call may take, and bytes of its answer that are read. */
export const CALL_MS = 3_000;
const MAX_BODY_BYTES = 256 * 1024;

export interface HttpCall {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly certificate: Certificate | undefined;
}

/** What an https server showed. */
export interface Certificate {
  readonly protocol: string;
  /** By the authorities that this Node trusts, for this host. */
  readonly trusted: boolean;
  /** Milliseconds since the epoch. */
  readonly validUntil: number;
}

/**
 * One HTTP call on a connection of its own, to a server that need not be trusted: no redirect is followed, and a bad
 * certificate is reported, not refused, so nothing secret may be sent. Throws the system's error, or `ETIMEDOUT`.
 */
export function call(origin: string, { method = 'GET', path, headers, body }: HttpCall): Promise<HttpAnswer> {
  const url = new URL(path, origin);
  const secure = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const options = {
      method,
      headers: {
        'User-Agent': 'tollgate-doctor',
        ...(body !== undefined && { 'Content-Length': String(Buffer.byteLength(body)) }),
        ...headers,
      },
      agent: false as const,
      maxHeaderSize: 32 * 1024,
    };
    const outgoing = secure
      ? tlsRequest(url, { ...options, rejectUnauthorized: false })
      : plainRequest(url, options);
    let answered = false;
    const timer = setTimeout(() => {
      outgoing.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
    }, CALL_MS);
    outgoing.once('error', reject);
    outgoing.once('close', () => {
      clearTimeout(timer);
      // Also where it hangs up, or answers in another protocol: then without an error. After an answer it is too late.
      if (!answered) reject(Object.assign(new Error('no answer'), { code: 'ECONNRESET' }));
    });
    outgoing.once('response', (response) => {
      answered = true;
      // Before the connection goes.
      const certificate = secure ? certificateOf(response.socket as TLSSocket) : undefined;
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > MAX_BODY_BYTES) response.destroy();
      });
      response.once('error', () => {}); // what was read until then counts
      response.once('close', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text, certificate });
      });
    });
    outgoing.end(body);
  });
}

function certificateOf(socket: TLSSocket): Certificate {
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    trusted: socket.authorized,
    validUntil: Date.parse(socket.getPeerCertificate().valid_to),
  };
}
