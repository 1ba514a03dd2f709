import { FrozenClock } from '../../testing/test-clock';
import { AddressKeys } from './address-keys';

const key = (n: number) => ({ bytes: Buffer.of(n) });

it('holds keys for ten minutes, and the newest ten thousand', () => {
  const clock = new FrozenClock();
  const keys = new AddressKeys(clock);
  keys.put('ada', key(1));
  expect(keys.find('ada')).toEqual(key(1));
  expect(keys.find('grace')).toBeUndefined();
  clock.advance(599_999);
  expect(keys.find('ada')).toEqual(key(1));
  clock.advance(1);
  expect(keys.find('ada')).toBeUndefined();
  for (let user = 0; user < 10_001; user += 1) keys.put(`user ${user}`, key(2));
  expect(keys.find('user 0')).toBeUndefined();
  expect(keys.find('user 1')).toEqual(key(2));
  keys.drop('user 1');
  expect(keys.find('user 1')).toBeUndefined();
});
