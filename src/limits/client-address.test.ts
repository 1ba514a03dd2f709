import { clientAddress } from './client-address';

it.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::FFFF:cb00:7107', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80::/64'],
  ['::1', '::/64'],
  [undefined, 'unknown'],
  ['', 'unknown'],
  ['unknown', 'unknown'],
  ['203.0.113.7:8080', 'unknown'],
  ['203.0.113', 'unknown'],
  ['0x7f000001', 'unknown'],
  ['0177.0.0.1', 'unknown'],
  ['203.0.113.7, 10.0.0.1', 'unknown'],
])('reads %s as %s', (peer, address) => {
  expect(clientAddress(peer)).toBe(address);
});
