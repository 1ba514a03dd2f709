import { describeWithRedis } from '../../testing/describe-with-redis';
import { TestClock } from '../../testing/test-clock';
import { MemoryTokenBucketStore } from './memory-token-bucket-store';
import { RedisTokenBucketStore } from './redis-token-bucket-store';
import { tokenBucketStoreContract } from './token-bucket-store.contract';

describe('MemoryTokenBucketStore', () => {
  tokenBucketStoreContract(() => fixture);
  let fixture: { store: MemoryTokenBucketStore; clock: TestClock };
  beforeEach(() => {
    const clock = new TestClock();
    fixture = { store: new MemoryTokenBucketStore({ clock }), clock };
  });
});

describeWithRedis('RedisTokenBucketStore', (connection) => {
  tokenBucketStoreContract(() => fixture);
  let fixture: { store: RedisTokenBucketStore; clock: TestClock };
  beforeEach(() => {
    const clock = new TestClock();
    fixture = { store: new RedisTokenBucketStore(connection(), { clock }), clock };
  });
});
