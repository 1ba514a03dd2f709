import type { RequestListener } from 'node:http';
import type { Response } from 'express';
import { contextOf } from '../http/request-context';
import { AnswerDescriptions } from './described-answers';

/** Made at the first answer of a test file. */
let descriptions: AnswerDescriptions | undefined;

/** Holds every answer of an app against the OpenAPI document, and tells of each that is not as it says. */
export function watchAnswers(app: RequestListener, onFault: (fault: string) => void): RequestListener {
  return (request, response) => {
    const pieces: Buffer[] = [];
    const keep = (piece: unknown) => {
      if (typeof piece === 'string' || piece instanceof Uint8Array) pieces.push(Buffer.from(piece));
    };
    const { write, end } = response;
    response.write = ((...sent: Parameters<typeof write>) => {
      keep(sent[0]);
      return write.apply(response, sent);
    }) as typeof write;
    response.end = ((...sent: Parameters<typeof end>) => {
      keep(sent[0]);
      const { method = '', url } = request;
      const { route } = contextOf(response as Response);
      const { statusCode: status } = response;
      const body = Buffer.concat(pieces).toString();
      descriptions ??= new AnswerDescriptions();
      const fault = descriptions.faultOf({ method, route, status, headers: response.getHeaders(), body });
      if (fault !== undefined) onFault(`${method} ${url} (${route}) answers ${status}: ${fault}`);
      return end.apply(response, sent);
    }) as typeof end;
    app(request, response);
  };
}
