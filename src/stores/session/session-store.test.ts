import fc from 'fast-check';
import { describeWithRedis } from '../../testing/describe-with-redis';
import { TestClock } from '../../testing/test-clock';
import { MemorySessionStore } from './memory-session-store';
import { RedisSessionStore } from './redis-session-store';
import type { SessionFixture } from './session-data.contract';
import { rotationProperty } from './session-rotation.contract';
import { sessionStoreContract } from './session-store.contract';

const maxAgeSeconds = 30 * 24 * 60 * 60;

describe('MemorySessionStore', () => {
  const open = (): SessionFixture => {
    const clock = new TestClock();
    return { store: new MemorySessionStore({ clock, maxAgeSeconds }), clock };
  };
  let fixture: SessionFixture;
  beforeEach(() => {
    fixture = open();
  });

  sessionStoreContract(() => fixture);

  it('rotates as the plain model does', async () => {
    await fc.assert(rotationProperty(open), { numRuns: 300 });
  });
});

describeWithRedis('RedisSessionStore', (connection) => {
  const open = (): SessionFixture => {
    const clock = new TestClock();
    return { store: new RedisSessionStore(connection(), { clock, maxAgeSeconds }), clock };
  };
  let fixture: SessionFixture;
  beforeEach(() => {
    fixture = open();
  });

  sessionStoreContract(() => fixture);

  it('rotates as the plain model does', async () => {
    await fc.assert(rotationProperty(open), { numRuns: 100 });
  });
});
