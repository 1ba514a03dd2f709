import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { signUp } from './testing/api-client';
import { builtClient, listen } from './testing/built-client';
import { createTestApp } from './testing/test-app';

const ROOT = join(__dirname, '..');
const CLIENT = join(ROOT, 'client');
const folder = mkdtempSync(join(tmpdir(), 'tollgate-client-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TIMEOUT = 60_000;
const run = (args: readonly string[], cwd: string) =>
  promisify(execFile)(process.execPath, args, { cwd, timeout: TIMEOUT });
const tsc = (args: readonly string[], cwd: string) =>
  run([join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), ...args], cwd).catch((error) => error);

/** Does something of scripts/client-package.mjs; what it gives. */
async function packaging(call: string): Promise<unknown> {
  const script = `import('./scripts/client-package.mjs')
    .then((made) => made.${call})
    .then((given) => console.log(JSON.stringify(given ?? null)))`;
  return JSON.parse((await run(['--eval', script], ROOT)).stdout);
}

it('has the types that docs/openapi.json says', async () => {
  const file = join(folder, 'schema.ts');
  await packaging(`writeClientSchema(${JSON.stringify(file)})`);
  // If not: npm run client makes them anew.
  expect(readFileSync(join(CLIENT, 'src', 'schema.ts'), 'utf8') === readFileSync(file, 'utf8')).toBe(true);
}, 60_000);

it('has files of 200 lines or fewer, what is generated aside', () => {
  const files = readdirSync(join(CLIENT, 'src')).filter((file) => file !== 'schema.ts');
  const long = files.filter(
    (file) => readFileSync(join(CLIENT, 'src', file), 'utf8').split('\n').length > 201,
  );
  expect([files.length > 5, long]).toEqual([true, []]);
});

it('compiles right calls and no wrong ones', async () => {
  builtClient();
  expect(await tsc(['-p', join(CLIENT, 'test')], ROOT)).toMatchObject({ stdout: '' });
}, 60_000);

describe('packed and installed', () => {
  beforeAll(async () => {
    builtClient();
    const { file, files } = (await packaging(`packClient(${JSON.stringify(folder)})`)) as {
      file: string;
      files: { path: string }[];
    };
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json', 'dist/index.js']));
    expect(paths.filter((path) => !/^(?:dist\/|LICENSE|README\.md|package\.json)/.test(path))).toEqual([]);
    const modules = join(folder, 'node_modules');
    mkdirSync(join(modules, '@tollgate', 'client'), { recursive: true });
    await promisify(execFile)('tar', [
      '-xzf',
      file,
      '--strip-components=1',
      '-C',
      join(modules, '@tollgate', 'client'),
    ]);
    const { dependencies } = JSON.parse(readFileSync(join(CLIENT, 'package.json'), 'utf8'));
    const locked = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).devDependencies;
    for (const [name, version] of Object.entries(dependencies)) expect(locked[name]).toBe(version);
    for (const name of ['openapi-fetch', 'openapi-typescript-helpers']) {
      cpSync(join(ROOT, 'node_modules', name), join(modules, name), { recursive: true });
    }
  }, 60_000);

  it('compiles what its README shows', async () => {
    const readme = readFileSync(join(CLIENT, 'README.md'), 'utf8');
    const example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? '';
    expect(example).toContain('createClient(');
    writeFileSync(join(folder, 'example.mts'), example);
    const settings = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023'];
    const { stdout } = await tsc([...settings, 'example.mts'], folder);
    expect(stdout).toBe('');
  }, 60_000);

  it('logs in from Node as it is', async () => {
    const test = await createTestApp();
    const server = await listen(test.app);
    try {
      const { email, password } = await signUp(test);
      const script = `
        import { createClient } from '@tollgate/client';
        const client = createClient({ baseUrl: ${JSON.stringify(server.baseUrl)} });
        await client.login(${JSON.stringify({ email, password })});
        const { data } = await client.GET('/api/v1/users/me');
        console.log(data.email);`;
      writeFileSync(join(folder, 'log-in.mjs'), script);
      expect((await run(['log-in.mjs'], folder)).stdout.trim()).toBe(email);
    } finally {
      await server.stop();
      await test.close();
    }
  }, 60_000);
});
