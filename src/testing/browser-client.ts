import type { RequestListener } from 'node:http';
import type { Response } from 'supertest';
import { ApiClient } from './api-client';

/** Calls the API with `?transport=cookie` as a page in a browser does. */
export class BrowserClient {
  /** What the browser keeps, as it sends it: `name=value`. */
  cookie: string | undefined;
  readonly #client: ApiClient;

  constructor(app: RequestListener) {
    this.#client = new ApiClient(app);
  }

  /** The path is below the base path; `token` is an access token. */
  async post(path: string, body?: object, token?: string): Promise<Response> {
    const response = await this.#client.call('post', `${path}?transport=cookie`, body, token, {
      'Sec-Fetch-Site': 'same-origin',
      ...(this.cookie !== undefined && { Cookie: this.cookie }),
    });
    for (const line of setCookies(response)) {
      const [pair, age] = line.split('; ');
      this.cookie = age === 'Max-Age=0' ? undefined : pair;
    }
    return response;
  }
}

/** The `Set-Cookie` lines of an answer. */
export function setCookies({ headers }: Response): readonly string[] {
  return (headers['set-cookie'] as string[] | undefined) ?? [];
}
