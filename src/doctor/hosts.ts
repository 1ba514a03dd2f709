import ipaddr from 'ipaddr.js';

/** How far a connection to a host goes. */
export type Distance = 'this machine' | 'a private network' | 'beyond';

const PRIVATE_RANGES = ['private', 'uniqueLocal', 'linkLocal', 'carrierGradeNat'];

/**
 * How far away a host is, by its name alone: a path is a socket of this machine; a name without a dot, or below `.local`
 * or `.internal`, is one of a private network (of containers, say).
 */
export function distanceOf(host: string): Distance {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (name.startsWith('/') || name === 'localhost' || name.endsWith('.localhost')) return 'this machine';
  if (ipaddr.isValid(name)) {
    const range = ipaddr.process(name).range();
    if (range === 'loopback') return 'this machine';
    return PRIVATE_RANGES.includes(range) ? 'a private network' : 'beyond';
  }
  return /^[^.]+$|\.(?:local|internal)$/.test(name) ? 'a private network' : 'beyond';
}

/** The farthest of several. */
export function farthest(hosts: readonly string[]): Distance {
  const distances = hosts.map(distanceOf);
  if (distances.includes('beyond')) return 'beyond';
  return distances.includes('a private network') ? 'a private network' : 'this machine';
}
