import { parseNetwork } from './network';

const cidrOf = (text: string) => parseNetwork(text)?.cidr;

it.each([
  ['192.0.2.7', '192.0.2.7/32'],
  ['192.0.2.7/24', '192.0.2.0/24'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['::ffff:192.0.2.7', '192.0.2.7/32'],
  ['::ffff:192.0.2.7/120', '192.0.2.0/24'],
  ['::ffff:c000:0207', '192.0.2.7/32'],
  ['2001:DB8:0:0::1', '2001:db8::1/128'],
  ['2001:db8:1:2:3::/48', '2001:db8:1::/48'],
  ['::1', '::1/128'],
])('reads %s as %s', (text, cidr) => {
  expect(cidrOf(text)).toBe(cidr);
});

it.each([
  '',
  'localhost',
  '10',
  '10.0.0',
  '010.0.0.1',
  '0x7f.0.0.1',
  '2130706433',
  '192.0.2.7/',
  '192.0.2.7/33',
  '192.0.2.7/-1',
  '192.0.2.7/08',
  '192.0.2.7/24/8',
  '192.0.2.7/255.255.255.0',
  '192.0.2.7 ',
  '::ffff:192.0.2.7/64',
  '2001:db8::/129',
  'fe80::1%eth0',
  'fe80::1%eth0/64',
  '*',
])('does not read %j', (text) => {
  expect(parseNetwork(text)).toBeUndefined();
});

describe('a network', () => {
  const includes = (cidr: string, address: string | undefined) => parseNetwork(cidr)?.includes(address);

  it.each([
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/24', '::ffff:192.0.2.255', true],
    ['192.0.2.0/24', '192.0.3.0', false],
    ['192.0.2.0/24', '2001:db8::1', false],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '192.0.2.1', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['0.0.0.0/0', '0300.0.0.1', false],
    ['0.0.0.0/0', 'unknown', false],
    ['0.0.0.0/0', '192.0.2.1, 192.0.2.2', false],
    ['::/0', 'fe80::1%lo', false],
    ['::/0', undefined, false],
  ])('%s includes %s: %s', (cidr, address, expected) => {
    expect(includes(cidr, address)).toBe(expected);
  });
});
