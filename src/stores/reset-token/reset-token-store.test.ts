import { describeWithRedis } from '../../testing/describe-with-redis';
import { TestClock } from '../../testing/test-clock';
import { MemoryResetTokenStore } from './memory-reset-token-store';
import { RedisResetTokenStore } from './redis-reset-token-store';
import { type ResetTokenFixture, resetTokenStoreContract } from './reset-token-store.contract';

describe('MemoryResetTokenStore', () => {
  let fixture: ResetTokenFixture;
  beforeEach(() => {
    const clock = new TestClock();
    fixture = { store: new MemoryResetTokenStore({ clock }), clock };
  });
  resetTokenStoreContract(() => fixture);
});

describeWithRedis('RedisResetTokenStore', (connection) => {
  let fixture: ResetTokenFixture;
  beforeEach(() => {
    const clock = new TestClock();
    fixture = { store: new RedisResetTokenStore(connection(), { clock }), clock };
  });
  resetTokenStoreContract(() => fixture);
});
