import { ReplyError } from 'ioredis';
import { DependencyUnavailable } from '../dependency-unavailable';
import { storeError } from './store-error';

describe('storeError', () => {
  it.each([
    'LOADING Redis is loading the dataset in memory',
    "READONLY You can't write against a read only replica.",
    'ERR Error running script (call to f_1): @user_script:3: @user_script: 3: -READONLY You cannot write',
    'CLUSTERDOWN Hash slot not served',
    "OOM command not allowed when used memory > 'maxmemory'.",
    'BUSY Redis is busy running a script.',
    'MISCONF Redis is configured to save RDB snapshots',
    'NOAUTH Authentication required.',
    'MOVED 3999 127.0.0.1:6381',
  ])('takes the refusal %j for a server that is unavailable', (message) => {
    const error = storeError(new ReplyError(message));
    expect(error).toBeInstanceOf(DependencyUnavailable);
    expect(error).toMatchObject({ dependency: 'redis', cause: { message } });
  });

  it.each(['Command timed out', 'Connection is closed.', 'connect ECONNREFUSED 127.0.0.1:1'])(
    'takes %j for a server that is unavailable',
    (message) => expect(storeError(new Error(message))).toBeInstanceOf(DependencyUnavailable),
  );

  it.each([
    'ERR user_script:7: attempt to compare nil with number',
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    "CROSSSLOT Keys in request don't hash to the same slot",
  ])('leaves %j, a bug, as it is', (message) => {
    const error = new ReplyError(message);
    expect(storeError(error)).toBe(error);
  });

  it("takes the command's arguments off every error", () => {
    for (const message of ['ERR bug', 'LOADING', 'Command timed out']) {
      const raw = Object.assign(new ReplyError(message), { command: { name: 'evalsha', args: ['secret'] } });
      const error = storeError(raw);
      expect(error).not.toHaveProperty('command');
      expect(error.cause ?? {}).not.toHaveProperty('command');
    }
  });
});
