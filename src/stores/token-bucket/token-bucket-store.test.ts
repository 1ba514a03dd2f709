import { describeWithRedis } from '../../testing/describe-with-redis';
import { runningAtGivenTime } from '../../testing/script-at-given-time';
import { FrozenClock, TestClock } from '../../testing/test-clock';
import { bucketClockContract } from './bucket-clock.contract';
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

  describe('over a clock that is moved at will', () => {
    bucketClockContract(() => {
      const clock = new FrozenClock();
      return { store: new MemoryTokenBucketStore({ clock }), clock };
    });
  });
});

describeWithRedis('RedisTokenBucketStore', (connection) => {
  tokenBucketStoreContract(() => fixture);
  let fixture: { store: RedisTokenBucketStore; clock: TestClock };
  beforeEach(() => {
    const clock = new TestClock();
    fixture = { store: new RedisTokenBucketStore(connection(), { clock }), clock };
  });

  describe('over a clock that is moved at will', () => {
    bucketClockContract(() => {
      const clock = new FrozenClock();
      const given = {
        get offset() {
          return clock.now();
        },
      };
      return {
        store: new RedisTokenBucketStore(runningAtGivenTime(connection()), { clock: given }),
        clock,
      };
    });
  });
});
