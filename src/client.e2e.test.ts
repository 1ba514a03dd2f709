import type { ClientOptions, TollgateClient } from '../client/src/index.js';
import { freshAddress, newUser, signUp, type TestUser } from './testing/api-client';
import { atOnce } from './testing/at-once';
import { builtClient, type ListeningApp, listen, PageNetwork } from './testing/built-client';
import { codeIn } from './testing/captured-mailer';
import { createTestApp, type StateKind, stateKinds, type TestApp } from './testing/test-app';

const { createClient, NetworkError, ProblemError, retryAfterSeconds } = builtClient();
const UNLIMITED = { RATE_LIMIT_REFRESH: '1000/1000', RATE_LIMIT_GLOBAL: '100000/1000' };
const EXPIRED_MS = 901_000;

interface Page {
  readonly client: TollgateClient;
  readonly network: PageNetwork;
  readonly signedOut: string[];
}

describe.each(stateKinds)('the client over %s', (state: StateKind) => {
  let test: TestApp;
  let server: ListeningApp;
  let user: TestUser;

  beforeAll(async () => {
    test = await createTestApp({ state, env: UNLIMITED });
    server = await listen(test.app);
    user = await signUp(test);
  });
  afterAll(async () => {
    await server.stop();
    await test.close();
  });

  function openPage(options: Partial<ClientOptions> = {}, network = new PageNetwork(freshAddress())): Page {
    const signedOut: string[] = [];
    const onSignedOut = (reason: string) => void signedOut.push(reason);
    const { baseUrl } = server;
    return {
      client: createClient({ baseUrl, fetch: network.fetch, onSignedOut, ...options }),
      network,
      signedOut,
    };
  }

  async function signIn(page: Page, { email, password } = user): Promise<void> {
    const { error } = await page.client.login({ email, password });
    if (error !== undefined) throw new Error(error.code);
  }

  const me = async ({ client }: Page) => {
    const { data, error } = await client.GET('/api/v1/users/me');
    return error?.code ?? data?.id;
  };

  /** Answers the next refresh with this in place of the service. */
  function answerNextRefresh(page: Page, answer: PageNetwork['answer']): void {
    page.network.answer = (request, pass) => {
      if (!request.url.includes('/auth/refresh')) return pass(request);
      page.network.answer = (later, passLater) => passLater(later);
      return answer(request, pass);
    };
  }

  const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
    new Response(
      JSON.stringify({ type: 'about:blank', title: '', status, detail: '', code, requestId: 'r' }),
      {
        status,
        headers: { 'Content-Type': 'application/problem+json', ...headers },
      },
    );

  it('logs in, sends its token along, and logs out', async () => {
    const page = openPage();
    expect(await me(page)).toBe('unauthenticated');
    await signIn(page);
    expect(page.client.user?.email).toBe(user.email);
    expect(await me(page)).toBe(page.client.user?.id);
    expect((await page.client.logout()).response.status).toBe(204);
    expect([page.client.user, await page.client.accessToken()]).toEqual([undefined, undefined]);
    expect(await me(page)).toBe('unauthenticated');
    expect([page.network.count('/auth/refresh'), page.signedOut]).toEqual([0, []]);
  });

  it('logs in by a code', async () => {
    const page = openPage();
    await page.client.POST('/api/v1/otp/request', { body: { email: user.email, purpose: 'login' } });
    await test.deliverMails();
    const otp = codeIn(test.mailer.to(user.email)[0]);
    const { data } = await page.client.loginByOtp({ email: user.email, otp });
    expect(await me(page)).toBe(data?.id);
  });

  it('tells what is wrong by its code', async () => {
    const page = openPage();
    const { error, response } = await page.client.login({ email: user.email, password: 'not this one' });
    expect([error?.code, response.status, retryAfterSeconds(response)]).toEqual([
      'invalid_credentials',
      401,
      undefined,
    ]);
  });

  it.each(['body', 'cookie'] as const)(
    '64 calls with a dead token make one refresh (%s)',
    async (transport) => {
      const page = openPage({ transport });
      await signIn(page);
      test.clock.advance(EXPIRED_MS);
      const answers = await atOnce(64, () => me(page));
      expect([...new Set(answers)]).toEqual([page.client.user?.id]);
      expect(page.network.count('/auth/refresh')).toBe(1);
      // Each went out at most twice.
      expect(page.network.count('/users/me')).toBeLessThanOrEqual(128);
      expect(page.signedOut).toEqual([]);
    },
  );

  it('renews a token shortly before it expires, and goes on with it while refreshes fail', async () => {
    const page = openPage();
    await signIn(page);
    const before = await page.client.accessToken();
    const now = performance.now();
    const clock = jest.spyOn(performance, 'now').mockReturnValue(now + 889_000);
    try {
      expect(await page.client.accessToken()).toBe(before);
      clock.mockReturnValue(now + 895_000);
      answerNextRefresh(page, async () => problem(503, 'dependency_unavailable'));
      expect(await page.client.accessToken()).toBe(before);
      answerNextRefresh(page, () => Promise.reject(new TypeError('no route')));
      expect(await page.client.accessToken()).toBe(before);
      expect(page.network.count('/auth/refresh')).toBe(2);
      const renewed = await atOnce(64, () => page.client.accessToken());
      expect(page.network.count('/auth/refresh')).toBe(3);
      expect(new Set(renewed).size).toBe(1);
      expect(renewed[0]).not.toBe(before);
    } finally {
      clock.mockRestore();
    }
  });

  it('recovers from a refresh whose answer is lost', async () => {
    const page = openPage();
    await signIn(page);
    test.clock.advance(EXPIRED_MS);
    answerNextRefresh(page, async (request, pass) => {
      expect((await pass(request)).status).toBe(200);
      throw new TypeError('the connection broke');
    });
    const lost = await Promise.allSettled(Array.from({ length: 8 }, () => me(page)));
    for (const { reason } of lost as PromiseRejectedResult[]) expect(reason).toBeInstanceOf(NetworkError);
    expect(page.network.count('/auth/refresh')).toBe(1);
    test.clock.advance(20_000);
    expect(await me(page)).toBe(page.client.user?.id);
    expect(page.signedOut).toEqual([]);
  });

  it('recovers from a refresh whose answer breaks off', async () => {
    const page = openPage();
    await signIn(page);
    test.clock.advance(EXPIRED_MS);
    answerNextRefresh(page, async (request, pass) => {
      const { status, headers } = await pass(request);
      const broken = new ReadableStream({ pull: (controller) => controller.error(new TypeError('broken')) });
      return new Response(broken, { status, headers });
    });
    await expect(me(page)).rejects.toBeInstanceOf(NetworkError);
    expect(await me(page)).toBe(page.client.user?.id);
  });

  it.each([
    [503, 'dependency_unavailable'],
    [503, 'overloaded'],
    [429, 'rate_limited'],
    [500, 'internal_error'],
  ])('stays signed in when a refresh answers %d %s', async (status, code) => {
    const page = openPage();
    await signIn(page);
    test.clock.advance(EXPIRED_MS);
    answerNextRefresh(page, async () => problem(status, code, { 'Retry-After': '7' }));
    const answers = await atOnce(8, () => page.client.GET('/api/v1/users/me'));
    expect(answers.map(({ error, response }) => [error?.code, retryAfterSeconds(response)])).toEqual(
      answers.map(() => [code, 7]),
    );
    expect(page.network.count('/auth/refresh')).toBe(1);
    expect([page.client.user?.email, page.signedOut]).toEqual([user.email, []]);
    expect(await me(page)).toBe(page.client.user?.id);
  });

  it('throws the problem where there is no answer to carry it', async () => {
    const page = openPage();
    await signIn(page);
    const now = performance.now();
    const clock = jest.spyOn(performance, 'now').mockReturnValue(now + 2_000_000);
    try {
      answerNextRefresh(page, async () => problem(503, 'overloaded', { 'Retry-After': '3' }));
      const failed = await page.client.accessToken().catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(ProblemError);
      expect(failed).toMatchObject({ problem: { code: 'overloaded' }, retryAfterSeconds: 3 });
    } finally {
      clock.mockRestore();
    }
  });

  it('is signed out, once, by a refresh token that came again', async () => {
    const stored = new Map<string, string>();
    const page = openPage({ storage: mapStorage(stored) });
    await signIn(page);
    const [[key = '', stolen = ''] = []] = [...stored];
    for (let turn = 0; turn < 2; turn += 1) await page.client.refresh();
    stored.set(key, stolen);
    test.clock.advance(EXPIRED_MS);
    const answers = await atOnce(64, () => me(page));
    expect([...new Set(answers)].sort()).toEqual(['invalid_token']);
    expect(page.signedOut).toEqual(['refresh_token_reused']);
    expect(page.network.count('/auth/refresh')).toBe(3);
    expect([stored.size, page.client.user]).toEqual([0, undefined]);
    expect(await me(page)).toBe('unauthenticated');
    expect(page.network.count('/auth/refresh')).toBe(3);
  });

  it('never sends a call a third time, whatever the service answers', async () => {
    const page = openPage();
    await signIn(page);
    page.network.answer = (request, pass) =>
      request.url.includes('/users/me') ? Promise.resolve(problem(401, 'invalid_token')) : pass(request);
    expect(await me(page)).toBe('invalid_token');
    expect([page.network.count('/users/me'), page.network.count('/auth/refresh')]).toEqual([2, 1]);
  });

  it('sends a body again as it was', async () => {
    const page = openPage();
    await signIn(page);
    test.clock.advance(EXPIRED_MS);
    const { data } = await page.client.PATCH('/api/v1/users/me', { body: { username: 'Ada Byron' } });
    expect(data?.username).toBe('Ada Byron');
  });

  it('lets one caller give up while the others go on waiting', async () => {
    const page = openPage();
    await signIn(page);
    test.clock.advance(EXPIRED_MS);
    const given = new AbortController();
    answerNextRefresh(page, (request, pass) => {
      given.abort();
      return pass(request);
    });
    const impatient = page.client.GET('/api/v1/users/me', { signal: given.signal });
    const patient = me(page);
    await expect(impatient).rejects.toMatchObject({ name: 'AbortError' });
    expect(await patient).toBe(page.client.user?.id);
  });

  it('keeps nothing of a refresh that a login overtook, and repeats nothing in the new name', async () => {
    const page = openPage();
    await signIn(page);
    const other = await signUp(test, newUser());
    test.clock.advance(EXPIRED_MS);
    answerNextRefresh(page, async (request, pass) => {
      const answer = await pass(request);
      await signIn(page, other);
      return answer;
    });
    const { error } = await page.client.PATCH('/api/v1/users/me', { body: { username: 'Mallory' } });
    expect([error?.code, page.network.count('/users/me')]).toEqual(['invalid_token', 1]);
    const { data } = await page.client.GET('/api/v1/users/me');
    expect(data).toMatchObject({ email: other.email, username: other.username });
  });

  describe('with the refresh token in a cookie', () => {
    it('keeps none itself, and is signed in again after a reload', async () => {
      const page = openPage({ transport: 'cookie' });
      await signIn(page);
      expect(page.network.cookie).toMatch(/^refresh=/);
      const reloaded = openPage({ transport: 'cookie' }, page.network);
      expect((await reloaded.client.refresh())?.data?.email).toBe(user.email);
      const lazily = openPage({ transport: 'cookie' }, page.network);
      expect(await me(lazily)).toBe(reloaded.client.user?.id);
      await lazily.client.logout();
      expect(page.network.cookie).toBeUndefined();
      expect(await me(openPage({ transport: 'cookie' }, page.network))).toBe('unauthenticated');
    });

    it('asks once whether there is a cookie, and not at every call', async () => {
      const page = openPage({ transport: 'cookie' });
      for (let call = 0; call < 3; call += 1) expect(await me(page)).toBe('unauthenticated');
      expect(page.network.count('/auth/refresh')).toBe(1);
    });

    it('tells a first visitor nothing of a session that has ended', async () => {
      const page = openPage({ transport: 'cookie' });
      expect((await page.client.refresh())?.error?.code).toBe('invalid_refresh_token');
      expect([await me(page), page.signedOut]).toEqual(['unauthenticated', []]);
    });

    it('tells whoever was signed in that their cookie has gone', async () => {
      const page = openPage({ transport: 'cookie' });
      await signIn(page);
      page.network.cookie = undefined;
      await page.client.refresh();
      expect(page.signedOut).toEqual(['invalid_refresh_token']);
    });

    it('has a token for a product after a reload, asking once where there is none', async () => {
      const page = openPage({ transport: 'cookie' });
      expect([await page.client.accessToken(), await page.client.accessToken()]).toEqual([
        undefined,
        undefined,
      ]);
      expect([page.network.count('/auth/refresh'), page.signedOut]).toEqual([1, []]);
      await signIn(page);
      const reloaded = openPage({ transport: 'cookie' }, page.network);
      const tokens = await atOnce(64, () => reloaded.client.accessToken());
      expect([new Set(tokens).size, typeof tokens[0], page.network.count('/auth/refresh')]).toEqual([
        1,
        'string',
        2,
      ]);
    });

    it('tells of a cookie that came again even a page that has just been loaded', async () => {
      const page = openPage({ transport: 'cookie' });
      await signIn(page);
      const stolen = page.network.cookie;
      for (let turn = 0; turn < 2; turn += 1) await page.client.refresh();
      page.network.cookie = stolen;
      const reloaded = openPage({ transport: 'cookie' }, page.network);
      await reloaded.client.refresh();
      expect(reloaded.signedOut).toEqual(['refresh_token_reused']);
    });

    it('does nothing in the name of somebody whom another tab logged in', async () => {
      const page = openPage({ transport: 'cookie' });
      await signIn(page);
      const other = await signUp(test, newUser());
      const tab = openPage({ transport: 'cookie' }, page.network);
      await signIn(tab, other);
      test.clock.advance(EXPIRED_MS);
      const { error } = await page.client.PATCH('/api/v1/users/me', { body: { username: 'Mallory' } });
      expect([error?.code, page.signedOut, page.client.user]).toEqual([
        'invalid_token',
        ['other_user'],
        undefined,
      ]);
      const { data } = await tab.client.GET('/api/v1/users/me');
      expect(data).toMatchObject({ username: other.username });
    });

    it('has nothing to store', () => {
      expect(() => openPage({ transport: 'cookie', storage: mapStorage(new Map()) })).toThrow(TypeError);
    });
  });

  describe('with a storage', () => {
    it('is shared by tabs, which take turns where there are Web Locks', async () => {
      const stored = new Map<string, string>();
      const first = openPage({ storage: mapStorage(stored) });
      await signIn(first);
      const tabs = [first, ...Array.from({ length: 7 }, () => openPage({ storage: mapStorage(stored) }))];
      const held = lockManager();
      Object.defineProperty(globalThis, 'navigator', { value: { locks: held }, configurable: true });
      try {
        test.clock.advance(EXPIRED_MS);
        const answers = await Promise.all(tabs.flatMap((tab) => [me(tab), me(tab)]));
        expect([...new Set(answers)]).toEqual([first.client.user?.id]);
        expect(tabs.map(({ network }) => network.count('/auth/refresh'))).toEqual(tabs.map(() => 1));
        expect(held.most).toBe(1);
        // 31 s later none of them holds a token that would be taken for a stolen one.
        test.clock.advance(EXPIRED_MS);
        for (const tab of tabs) expect(await me(tab)).toBe(first.client.user?.id);
        expect(tabs.flatMap(({ signedOut }) => signedOut)).toEqual([]);
      } finally {
        Reflect.deleteProperty(globalThis, 'navigator');
      }
    });

    it('has a token for a product after a reload', async () => {
      const storage = mapStorage(new Map());
      await signIn(openPage({ storage }));
      const reloaded = openPage({ storage });
      expect(await reloaded.client.accessToken()).toEqual(expect.any(String));
      expect([reloaded.client.user?.email, reloaded.signedOut]).toEqual([user.email, []]);
    });

    it('says where a token could not be had for now after a reload', async () => {
      const storage = mapStorage(new Map());
      await signIn(openPage({ storage }));
      const reloaded = openPage({ storage });
      answerNextRefresh(reloaded, async () => problem(503, 'overloaded'));
      await expect(reloaded.client.accessToken()).rejects.toBeInstanceOf(ProblemError);
      answerNextRefresh(reloaded, () => Promise.reject(new TypeError('no route')));
      await expect(reloaded.client.accessToken()).rejects.toBeInstanceOf(NetworkError);
      expect(await reloaded.client.accessToken()).toEqual(expect.any(String));
    });

    it('tells that what was stored is of no use any more', async () => {
      const page = openPage({ storage: mapStorage(new Map([[`tollgate ${server.baseUrl}`, 'old']])) });
      expect(await page.client.accessToken()).toBeUndefined();
      expect(page.signedOut).toEqual(['invalid_refresh_token']);
    });

    it('waits for no other client but those that share it', async () => {
      const locks = lockManager();
      Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true });
      try {
        const [inMemory, ada, eve] = [
          openPage(),
          openPage({ storage: mapStorage(new Map()), storageKey: 'ada' }),
          openPage({ storage: mapStorage(new Map()), storageKey: 'eve' }),
        ];
        for (const page of [inMemory, ada, eve]) await signIn(page);
        // A refresh that hangs holds up none of another's.
        let release = () => {};
        answerNextRefresh(ada, async (request, pass) => {
          await new Promise<void>((resolve) => {
            release = resolve;
          });
          return pass(request);
        });
        const hanging = ada.client.refresh();
        expect((await eve.client.refresh())?.data?.email).toBe(user.email);
        expect((await inMemory.client.refresh())?.data?.email).toBe(user.email);
        release();
        expect((await hanging)?.data?.email).toBe(user.email);
        expect(locks.names).toEqual(['ada', 'eve']);
      } finally {
        Reflect.deleteProperty(globalThis, 'navigator');
      }
    });

    it('sees that another tab signed out', async () => {
      const stored = new Map<string, string>();
      const [page, tab] = [
        openPage({ storage: mapStorage(stored) }),
        openPage({ storage: mapStorage(stored) }),
      ];
      await signIn(page);
      await tab.client.logout();
      expect(await me(page)).toBe('invalid_token');
      expect(page.signedOut).toEqual(['signed_out_elsewhere']);
    });

    it('sees it too when its own token has expired by then, and asks for nothing', async () => {
      const stored = new Map<string, string>();
      const page = openPage({ storage: mapStorage(stored) });
      await signIn(page);
      stored.clear();
      const now = performance.now();
      const clock = jest.spyOn(performance, 'now').mockReturnValue(now + 2_000_000);
      try {
        expect(await atOnce(8, () => me(page))).toEqual(Array(8).fill('unauthenticated'));
      } finally {
        clock.mockRestore();
      }
      expect(page.signedOut).toEqual(['signed_out_elsewhere']);
      expect(page.network.count('/auth/refresh')).toBe(0);
    });

    it('does not ask who is signed in when nothing is stored', async () => {
      const page = openPage({ storage: mapStorage(new Map()) });
      expect([await page.client.refresh(), page.network.sent, page.signedOut]).toEqual([undefined, [], []]);
    });

    it('goes on in this tab when the storage is full, and leaves no old token in it', async () => {
      const stored = new Map<string, string>();
      const storage = mapStorage(stored);
      const page = openPage({ storage });
      await signIn(page);
      jest.spyOn(storage, 'setItem').mockImplementation(() => {
        throw new Error('QuotaExceededError');
      });
      for (let turn = 0; turn < 3; turn += 1) {
        test.clock.advance(EXPIRED_MS);
        expect(await me(page)).toBe(page.client.user?.id);
      }
      expect([stored.size, page.signedOut]).toEqual([0, []]);
    });
  });

  it('ends the session when it logs out everywhere', async () => {
    const [page, elsewhere] = [openPage(), openPage()];
    await Promise.all([signIn(page), signIn(elsewhere)]);
    expect((await page.client.logoutAll()).response.status).toBe(204);
    expect(page.client.user).toBeUndefined();
    expect(await me(elsewhere)).toBe('invalid_token');
    expect(elsewhere.signedOut).toEqual(['invalid_refresh_token']);
  });

  it('keeps the session when a logout could not be done', async () => {
    const page = openPage();
    await signIn(page);
    page.network.answer = async () => problem(503, 'dependency_unavailable');
    expect((await page.client.logout()).error?.code).toBe('dependency_unavailable');
    page.network.answer = (request, pass) => pass(request);
    expect(await me(page)).toBe(page.client.user?.id);
  });

  describe('keeps tokens to the origin', () => {
    it('refuses calls to another one before anything is sent', async () => {
      const reached: string[] = [];
      const thief = await listen((request, response) => {
        reached.push(JSON.stringify(request.headers));
        response.end();
      });
      try {
        const page = openPage();
        await signIn(page);
        const sentBefore = page.network.sent.length;
        const calls = [
          page.client.GET('/api/v1/users/me', { baseUrl: thief.baseUrl }),
          page.client.GET(`@${new URL(thief.baseUrl).host}/` as '/api/v1/users/me'),
          page.client.GET('/api/v1/users/me', { baseUrl: server.baseUrl.replace('127.0.0.1', 'localhost') }),
        ];
        const refused = (await Promise.allSettled(calls)) as PromiseRejectedResult[];
        expect(refused.map(({ reason }) => reason?.name)).toEqual(calls.map(() => 'TypeError'));
        expect([page.network.sent.length, reached]).toEqual([sentBefore, []]);
      } finally {
        await thief.stop();
      }
    });

    it('follows no redirect', async () => {
      const reached: string[] = [];
      const thief = await listen((request, response) => {
        reached.push(JSON.stringify(request.headers));
        response.end('{}');
      });
      const redirecting = await listen((_request, response) => {
        response.writeHead(307, { Location: `${thief.baseUrl}/api/v1/users/me` }).end();
      });
      try {
        const { baseUrl } = redirecting;
        const client = createClient({
          baseUrl,
          storage: mapStorage(new Map([[`tollgate ${baseUrl}`, 'secret']])),
        });
        await expect(client.refresh()).rejects.toBeInstanceOf(NetworkError);
        await expect(client.login({ email: 'a@example.com', password: 'p' })).rejects.toBeInstanceOf(
          NetworkError,
        );
        await expect(client.GET('/api/v1/users/me', { redirect: 'follow' })).rejects.toBeInstanceOf(
          NetworkError,
        );
        expect(reached).toEqual([]);
      } finally {
        await redirecting.stop();
        await thief.stop();
      }
    });

    it('leaves alone a call that brings a token of its own', async () => {
      const page = openPage();
      await signIn(page);
      const { data: guest } = await page.client.POST('/api/v1/auth/guest');
      const headers = { Authorization: `Bearer ${guest?.accessToken}` };
      const { data } = await page.client.GET('/api/v1/users/me', { headers });
      expect(data).toEqual({ id: guest?.user.id, role: 'GUEST' });
      const dead = await page.client.GET('/api/v1/users/me', { headers: { Authorization: 'Bearer dead' } });
      expect([dead.error?.code, page.network.count('/auth/refresh')]).toEqual(['invalid_token', 0]);
    });
  });
});

function mapStorage(map: Map<string, string>) {
  return {
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => void map.set(key, value),
    removeItem: (key: string) => void map.delete(key),
  };
}

/** Web Locks as a browser has them; `most` is how many held one of them at once, `names` are those asked for. */
function lockManager() {
  const last = new Map<string, Promise<unknown>>();
  let holding = 0;
  const locks = {
    most: 0,
    names: [] as string[],
    request<T>(name: string, _options: object, work: () => Promise<T>): Promise<T> {
      locks.names.push(name);
      const turn = (last.get(name) ?? Promise.resolve()).then(async () => {
        holding += 1;
        locks.most = Math.max(locks.most, holding);
        try {
          return await work();
        } finally {
          holding -= 1;
        }
      });
      last.set(
        name,
        turn.catch(() => {}),
      );
      return turn;
    },
  };
  return locks;
}
