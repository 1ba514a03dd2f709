import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** What all clients share whose address cannot be read. */
export const UNKNOWN_ADDRESS = 'unknown';

/**
 * The address that limits and known addresses go by: an IPv4 address (also where it is written `::ffff:a.b.c.d`), the
 * /64 of an IPv6 address (whoever holds one address holds the network), or `unknown`.
 */
export function clientAddress(peer: string | undefined): string {
  // As most arrive, and written in one way alone: nothing to be read.
  if (peer !== undefined && isIPv4(peer)) return peer;
  // ipaddr.js also reads 0x7f.1 and 017700000001; four decimals alone are how a peer or a proxy writes it.
  if (peer === undefined || !(ipaddr.IPv6.isValid(peer) || ipaddr.IPv4.isValidFourPartDecimal(peer))) {
    return UNKNOWN_ADDRESS;
  }
  const address = ipaddr.process(peer);
  if (address instanceof ipaddr.IPv4) return address.toString();
  const network = ipaddr.IPv6.networkAddressFromCIDR(
    `${address.toNormalizedString().replace(/%.*$/, '')}/64`,
  );
  return `${network.toString()}/64`;
}
