import ipaddr from 'ipaddr.js';

/** Addresses that agree in their first `bits`. */
export interface Network {
  /** One spelling each: `192.0.2.0/24`, `2001:db8::/32`; a single address is one of all its bits. */
  readonly cidr: string;
  includes(address: string | undefined): boolean;
}

/**
 * Reads an address, or a network in CIDR notation; an IPv4 address written in IPv6 (`::ffff:192.0.2.1`) is an IPv4
 * address. Undefined for anything else, an address with a zone among it.
 */
export function parseNetwork(text: string): Network | undefined {
  const [addressText = '', bitsText, ...more] = text.split('/');
  const address = parseAddress(addressText);
  if (address === undefined || more.length > 0) return undefined;
  const all = address.kind() === 'ipv4' ? 32 : 128;
  if (bitsText !== undefined && !/^(0|[1-9]\d{0,2})$/.test(bitsText)) return undefined;
  const written = bitsText === undefined ? undefined : Number(bitsText);
  // The bits of a mapped address are counted in the form it is written in.
  const mapped = address.kind() === 'ipv4' && addressText.includes(':') ? 96 : 0;
  const bits = written === undefined ? all : written - mapped;
  if (bits < 0 || bits > all) return undefined;
  const network =
    address.kind() === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(`${address}/${bits}`)
      : ipaddr.IPv6.networkAddressFromCIDR(`${address}/${bits}`);
  return {
    cidr: `${network.toString()}/${bits}`,
    includes: (candidate) => {
      const parsed = candidate === undefined ? undefined : parseAddress(candidate);
      return parsed !== undefined && parsed.kind() === network.kind() && parsed.match(network, bits);
    },
  };
}

/** Older spellings (`0x7f.1`, `010.0.0.1`) are nothing that a peer, a proxy or a person means. */
function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (text.includes('%')) return undefined;
  if (!ipaddr.IPv6.isValid(text) && !ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined;
  return ipaddr.process(text);
}
