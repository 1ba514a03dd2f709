import ipaddr from 'ipaddr.js';
import { type Check, fail, judge, notChecked, type Outcome, pass, warn, worst } from '../check';
import type { Facts } from '../facts';
import { distanceOf } from '../hosts';
import type { HttpAnswer } from '../instance/http-call';

/** A proxy has one address, or a few in one network: what is wider holds others too. */
const NARROW = { ipv4: 24, ipv6: 64 };
const WIDEST = { ipv4: 16, ipv6: 48 };
const MANY_HOPS = 3;

const hops = (count: number) => `${count} ${count === 1 ? 'hop' : 'hops'}`;

function width(proxy: string): Outcome {
  const [address = '', bits] = proxy.split('/');
  const kind = ipaddr.process(address).kind();
  const prefix = bits === undefined ? Number.POSITIVE_INFINITY : Number(bits);
  if (prefix >= NARROW[kind]) return pass(proxy);
  if (distanceOf(address) !== 'beyond') return warn(`${proxy} is wide: every host in it chooses its address`);
  return prefix < WIDEST[kind]
    ? fail(`${proxy} holds strangers, who choose their address`)
    : warn(`${proxy} is wide: every host in it chooses its address`);
}

/** The tokens left of the limit of guests, as an answer shows them. */
function guestTokensLeft(answer: HttpAnswer | undefined): number | undefined {
  const left = /"guest";r=(\d+)/.exec(String(answer?.headers['ratelimit'] ?? ''))?.[1];
  return left === undefined ? undefined : Number(left);
}

/** A limit that is full again from another claimed address goes by the claim. */
function claimedAddress({ config, instance }: Facts): Outcome {
  return judge(instance, ({ origin, answers }) => {
    const direct = !origin.startsWith('https:');
    if (direct && config.trustProxy !== false) {
      return notChecked('asked directly, where a proxy would be; give --url its https address');
    }
    const { guest, guestElsewhere, guestAgain } = answers;
    const [first, elsewhere, again] = [guest, guestElsewhere, guestAgain].map(guestTokensLeft);
    if (
      first === undefined ||
      elsewhere === undefined ||
      again === undefined ||
      config.rates.guest.refillPerSecond > 1
    ) {
      return notChecked('the limit of guests does not show it');
    }
    return elsewhere >= first && again < first
      ? fail('X-Forwarded-For from a client counts: it escapes every limit per address (fewer hops?)')
      : pass('X-Forwarded-For from a client does not count');
  });
}

export const proxyChecks: readonly Check[] = [
  {
    id: 'V15.3.4',
    level: 2,
    must: true,
    productionOnly: true,
    title: 'The client’s address is that of the client, not of a proxy',
    run({ config: { trustProxy, baseUrl } }) {
      if (trustProxy === false) {
        return baseUrl.startsWith('https:')
          ? fail(
              'TRUST_PROXY is false behind the proxy that ends https: all clients share one address and its limits',
            )
          : pass('TRUST_PROXY is false, and no proxy ends https');
      }
      return pass(
        `TRUST_PROXY is ${typeof trustProxy === 'number' ? hops(trustProxy) : trustProxy.join(', ')}`,
      );
    },
  },
  {
    id: 'V4.1.3',
    level: 2,
    must: true,
    title: 'Only proxies of ours are believed about addresses',
    run({ config: { trustProxy } }) {
      if (trustProxy === false) return pass('nobody is');
      if (typeof trustProxy !== 'number') return worst(trustProxy.map(width), pass('nobody is'));
      return trustProxy > MANY_HOPS
        ? warn(`${hops(trustProxy)}: with fewer proxies than that, a client chooses its address`)
        : pass(hops(trustProxy));
    },
  },
  {
    id: 'V4.1.3',
    level: 2,
    must: true,
    title: 'A client that claims another address gains nothing',
    run: claimedAddress,
  },
  {
    id: 'TG-5',
    level: null,
    must: false,
    title: 'The port is reached by those alone who should (HOST)',
    run({ config: { host, port, trustProxy }, production }) {
      if (distanceOf(host) === 'this machine') return pass(`${host}:${port}, this machine alone`);
      if (!production) return fail(`${host}:${port}: other machines reach a development instance`);
      return typeof trustProxy === 'number'
        ? warn(
            `${host}:${port}: who reaches it past the proxy is believed about its address; list the proxies' addresses instead of hops`,
          )
        : pass(`${host}:${port}`);
    },
  },
];
