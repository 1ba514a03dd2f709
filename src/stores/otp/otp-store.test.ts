import { describeWithRedis } from '../../testing/describe-with-redis';
import { TestClock } from '../../testing/test-clock';
import { MemoryOtpStore } from './memory-otp-store';
import { type OtpFixture, otpStoreContract } from './otp-store.contract';
import { RedisOtpStore } from './redis-otp-store';

describe('MemoryOtpStore', () => {
  let fixture: OtpFixture;
  beforeEach(() => {
    const clock = new TestClock();
    fixture = { store: new MemoryOtpStore({ clock }), clock };
  });
  otpStoreContract(() => fixture);
});

describeWithRedis('RedisOtpStore', (connection) => {
  let fixture: OtpFixture;
  beforeEach(() => {
    const clock = new TestClock();
    fixture = { store: new RedisOtpStore(connection(), { clock }), clock };
  });
  otpStoreContract(() => fixture);
});
