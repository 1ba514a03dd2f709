import { ensureFirstAdmin } from './first-admin';
import { ApiClient, newUser, signUp } from './testing/api-client';
import { createTestApp, type TestApp } from './testing/test-app';

describe('the first admin', () => {
  let test: TestApp;
  beforeEach(async () => {
    test = await createTestApp();
  });
  afterEach(() => test.close());

  const password = 'copper-harbour-93';
  const ensure = (email: string, given = password) =>
    ensureFirstAdmin(test.services, { email, password: given });
  const role = async (email: string) => {
    const { body } = await new ApiClient(test.app).post('/auth/login', { email, password });
    return body.user?.role;
  };

  it('is made once, verified, however many processes start', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => ensure('Ops@Example.org')));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await role('ops@example.org')).toBe('ADMIN');
    expect(await ensure('second@example.org')).toBe(false);
  });

  it('is refused an address of somebody else, no address, and a password that the policy refuses', async () => {
    const user = await signUp(test);
    await expect(ensure(user.email)).rejects.toThrow('belongs to a user');
    await expect(ensure('no address')).rejects.toThrow('ADMIN_EMAIL');
    await expect(ensure('ops@example.org', 'password1234')).rejects.toThrow('ADMIN_PASSWORD');
  });

  it('takes the place of a stranger who registered the address and never proved it', async () => {
    await new ApiClient(test.app).post('/auth/register', { ...newUser(), email: 'ops@example.org' });
    expect(await ensure('ops@example.org')).toBe(true);
    expect(await role('ops@example.org')).toBe('ADMIN');
  });
});
