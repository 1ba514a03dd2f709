import { StoreFull } from '../stores/store-full';
import { outcomeOf } from '../testing/answers';
import { ApiClient, signUp } from '../testing/api-client';
import { createTestApp } from '../testing/test-app';

describe('a store of this process that is full', () => {
  it('is answered by 503 overloaded, and told when to come back', async () => {
    const test = await createTestApp();
    try {
      const { email, password } = await signUp(test);
      jest.spyOn(test.backends.sessionStore, 'restore').mockRejectedValueOnce(new StoreFull());
      const client = new ApiClient(test.app);
      const refused = await client.post('/auth/login', { email, password });
      expect(outcomeOf(refused)).toBe('503 overloaded');
      expect(refused.headers['retry-after']).toBe('1');
      expect(outcomeOf(await client.post('/auth/login', { email, password }))).toBe('200');
    } finally {
      await test.close();
    }
  });
});
