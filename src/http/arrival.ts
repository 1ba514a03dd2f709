import type { Request, RequestHandler } from 'express';
import type { Arrival, ProxyWatch } from '../limits/proxy-watch';

/** Shows each call to whoever watches the proxy setting. */
export function noteArrivals(proxyWatch: Pick<ProxyWatch, 'note'>): RequestHandler {
  return (request, _response, next) => {
    proxyWatch.note(arrivalOf(request));
    next();
  };
}

function arrivalOf({ headers, ip, ips }: Request): Arrival {
  const named = headers['x-forwarded-for'];
  if (named === undefined) {
    // Other headers that proxies set, none of which is read.
    const forwarded = 'forwarded' in headers || 'x-real-ip' in headers;
    return { client: ip, forwarded, passedOver: forwarded };
  }
  // Counted, not compared: a client can write any address to the left of its own.
  return { client: ip, forwarded: true, passedOver: String(named).split(',').length > ips.length };
}
