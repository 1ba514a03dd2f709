import type { ResetGrant, ResetTokenStore, TakenGrant } from '../stores/reset-token/reset-token-store';
import { deriveKeys } from './keyring';
import { LinkTokens } from './link-token';
import { ResetTokens } from './reset-tokens';

let now = 1_800_000_000_000;
const clock = { now: () => now, offset: 0 };
const [OLD, NEW] = ['the secret before this one, long enough', 'the secret of today, also long enough'];
const grant: ResetGrant = { userId: '0197a3e0-1234-7abc-8def-0123456789ab', credentialVersion: 3 };

/** Keeps what it is given and shows it; expiry is the real stores' business. */
class OpenStore implements ResetTokenStore {
  readonly held = new Map<string, { readonly grant: ResetGrant; readonly expiresAt: number }>();

  async put(digest: string, grant: ResetGrant, expiresAt: number): Promise<void> {
    this.held.set(digest, { grant, expiresAt });
  }

  async take(digest: string): Promise<TakenGrant | undefined> {
    const taken = this.held.get(digest);
    this.held.delete(digest);
    return taken;
  }
}

function setUp(store = new OpenStore(), ...given: string[]) {
  const secrets = given.length > 0 ? given : [NEW];
  const links = new LinkTokens({ keys: deriveKeys(secrets, 'links'), clock });
  const tokens = new ResetTokens({ keys: deriveKeys(secrets, 'codes'), store, links, clock });
  return { store, links, tokens };
}

it('gives the grant once, and again when it was put back', async () => {
  const { tokens } = setUp();
  const { resetToken, expiresIn } = await tokens.issue(grant);
  expect(resetToken).toMatch(/^[\w-]{43}$/);
  expect(expiresIn).toBe(600);
  const consumed = await tokens.consume(resetToken);
  expect(consumed?.grant).toEqual(grant);
  expect(await tokens.consume(resetToken)).toBeUndefined();
  await consumed?.putBack();
  expect((await tokens.consume(resetToken))?.grant).toEqual(grant);
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
    expect(await tokens.consume(other)).toBeUndefined();
  }
});

it('survives a change of keys while the old one is listed', async () => {
  const { store } = setUp();
  const { resetToken } = await setUp(store, OLD).tokens.issue(grant);
  expect(await setUp(store, NEW).tokens.consume(resetToken)).toBeUndefined();
  const both = setUp(store, NEW, OLD).tokens;
  expect((await both.consume(resetToken))?.grant).toEqual(grant);
  expect(store.held.size).toBe(0);
});

describe('signed', () => {
  it('is kept nowhere, and says whom and which credentials it was made for, for ten minutes', async () => {
    const { tokens, store } = setUp();
    const { resetToken, expiresIn } = tokens.issueSigned(grant);
    expect(resetToken).toMatch(/^tgl_[\w-]{78}$/);
    expect(expiresIn).toBe(600);
    expect(store.held.size).toBe(0);
    now += 599_999;
    const consumed = await tokens.consume(resetToken);
    expect(consumed?.grant).toEqual(grant);
    await consumed?.putBack();
    expect(store.held.size).toBe(0);
    now += 1;
    expect(await tokens.consume(resetToken)).toBeUndefined();
  });

  it('is no link of a mail, and such a link is none', async () => {
    const { tokens, links } = setUp();
    const { resetToken } = tokens.issueSigned(grant);
    const content = { subjectId: grant.userId, version: grant.credentialVersion };
    for (const purpose of ['verify_email', 'undo_email_change'] as const) {
      const link = links.issue({ ...content, purpose, expiresAt: now + 600_000 });
      expect(await tokens.consume(link)).toBeUndefined();
      expect(links.verify(resetToken, purpose)).toBeUndefined();
    }
  });

  it('dies with its key, and by any change of a letter', async () => {
    const { resetToken } = setUp(new OpenStore(), OLD).tokens.issueSigned(grant);
    expect(await setUp(new OpenStore(), NEW).tokens.consume(resetToken)).toBeUndefined();
    const both = setUp(new OpenStore(), NEW, OLD).tokens;
    expect((await both.consume(resetToken))?.grant).toEqual(grant);
    for (let place = 4; place < resetToken.length; place += 7) {
      const other = resetToken[place] === 'A' ? 'B' : 'A';
      const changed = resetToken.slice(0, place) + other + resetToken.slice(place + 1);
      expect(await both.consume(changed)).toBeUndefined();
    }
  });
});
