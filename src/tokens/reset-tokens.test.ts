import type { ResetGrant, ResetTokenStore } from '../stores/reset-token/reset-token-store';
import { deriveKeys } from './keyring';
import { ResetTokens } from './reset-tokens';

const clock = { now: () => 1_800_000_000_000, offset: 0 };
const [OLD, NEW] = ['the secret before this one, long enough', 'the secret of today, also long enough'];
const grant: ResetGrant = { userId: '0197a3e0-1234-7abc-8def-0123456789ab', credentialVersion: 3 };

/** Keeps what it is given and shows it; expiry is the real stores' business. */
class OpenStore implements ResetTokenStore {
  readonly held = new Map<string, { readonly grant: ResetGrant; readonly expiresAt: number }>();

  async put(digest: string, grant: ResetGrant, expiresAt: number): Promise<void> {
    this.held.set(digest, { grant, expiresAt });
  }

  async find(digest: string): Promise<ResetGrant | undefined> {
    return this.held.get(digest)?.grant;
  }

  async remove(digest: string): Promise<boolean> {
    return this.held.delete(digest);
  }
}

const setUp = (store = new OpenStore(), ...secrets: string[]) => ({
  store,
  tokens: new ResetTokens({ keys: deriveKeys(secrets.length > 0 ? secrets : [NEW], 'codes'), store, clock }),
});

it('finds the grant again until it is consumed, once', async () => {
  const { tokens } = setUp();
  const { resetToken, expiresIn } = await tokens.issue(grant);
  expect(resetToken).toMatch(/^[\w-]{43}$/);
  expect(expiresIn).toBe(600);
  expect(await tokens.find(resetToken)).toEqual(grant);
  expect(await tokens.find(resetToken)).toEqual(grant);
  expect(await tokens.consume(resetToken)).toBe(true);
  expect(await tokens.consume(resetToken)).toBe(false);
  expect(await tokens.find(resetToken)).toBeUndefined();
});

it('keeps a keyed digest for ten minutes, never the token', async () => {
  const { tokens, store } = setUp();
  const { resetToken } = await tokens.issue(grant);
  expect([...store.held.values()]).toEqual([{ grant, expiresAt: clock.now() + 600_000 }]);
  expect(JSON.stringify([...store.held])).not.toContain(resetToken);
});

it('finds nothing for another token or another text', async () => {
  const { tokens } = setUp();
  const { resetToken } = await tokens.issue(grant);
  for (const other of ['', `${resetToken}A`, resetToken.slice(1), 'A'.repeat(43), `${resetToken}\n`]) {
    expect(await tokens.find(other)).toBeUndefined();
  }
});

it('survives a change of keys while the old one is listed', async () => {
  const { store } = setUp();
  const { resetToken } = await setUp(store, OLD).tokens.issue(grant);
  expect(await setUp(store, NEW).tokens.find(resetToken)).toBeUndefined();
  const both = setUp(store, NEW, OLD).tokens;
  expect(await both.find(resetToken)).toEqual(grant);
  expect(await both.consume(resetToken)).toBe(true);
  expect(store.held.size).toBe(0);
});
