import { uuidv7 } from 'uuidv7';
import { runBuilt } from '../testing/built-service';
import { TestAudit } from '../testing/test-audit';
import { deriveKeys } from '../tokens/keyring';

const SECRET = 'a-derivation-secret-for-the-tests-alone-01';
const OTHER = 'another-derivation-secret-for-the-tests-02';

describe('npm run audit:verify', () => {
  let audit: TestAudit;
  let checkpoint: string;
  beforeEach(async () => {
    audit = await TestAudit.create(deriveKeys([SECRET], 'audit'));
    await audit.write(20);
    checkpoint = String((await audit.sealer.seal(true))?.checkpoint);
  });
  afterEach(() => audit.close());

  async function verify(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    const settings = { NODE_ENV: 'production', DATABASE_URL: audit.url, SECRET_KEYS: SECRET, ...env };
    const run = runBuilt('audit-verify/main.js', settings, args);
    return { code: await run.ended, output: run.output() };
  }

  it('says that all is as it was written, by two settings alone', async () => {
    expect(await verify()).toEqual({ code: 0, output: 'INTACT  20 events, sealed up to seq 20\n' });
    await audit.write(2);
    const { code, output } = await verify(['--checkpoint', checkpoint]);
    expect(code).toBe(0);
    expect(output).toBe(
      'INTACT  22 events, sealed up to seq 20, 2 of them not sealed yet\nthe checkpoint was compared\n',
    );
  }, 60_000);

  it('names what was changed, removed and slipped in', async () => {
    const [, , , , edited] = await audit.sealed();
    await audit.sql(`UPDATE audit_events SET outcome = 'failure' WHERE seq = 5`);
    expect(await verify()).toMatchObject({
      code: 1,
      output: expect.stringMatching(`^TAMPERED  seq 5, event ${edited}: changed: `),
    });
    expect(await verify(['--after', '5'])).toMatchObject({ code: 0 });
    await audit.sql('DELETE FROM audit_events WHERE seq = 3');
    expect(await verify()).toMatchObject({
      code: 1,
      output: expect.stringMatching('^TAMPERED  seq 3: removed: '),
    });
    const forged = uuidv7();
    await audit.sql(
      `INSERT INTO audit_events SELECT '${forged}', at, type, outcome, actor_id, subject_id, address, request_id,
         details, key_id, mac, 3, chain FROM audit_events WHERE seq = 4`,
    );
    expect(await verify()).toMatchObject({
      code: 1,
      output: expect.stringMatching(`^TAMPERED  seq 3, event ${forged}: slipped in: `),
    });
    await audit.sql('TRUNCATE audit_events, audit_marks');
    expect(await verify()).toMatchObject({ code: 0 });
    expect(await verify(['--checkpoint', checkpoint])).toMatchObject({
      code: 1,
      output: expect.stringMatching('^TAMPERED  seq 1: removed: '),
    });
  }, 60_000);

  it('does not say that all is well where it could not look', async () => {
    const unlisted = await verify([], { SECRET_KEYS: OTHER });
    expect(unlisted.code).toBe(2);
    expect(unlisted.output).toMatch(/^NOT CHECKED IN FULL .*\n22 between seq 1 and 20 could not be checked/);
    expect(await verify([], { SECRET_KEYS: `${OTHER},${SECRET}` })).toMatchObject({ code: 0 });
    const foreign = await verify(['--checkpoint', checkpoint], { SECRET_KEYS: OTHER });
    expect(foreign).toMatchObject({ code: 2, output: expect.stringContaining('SECRET_KEYS does not list') });
    const forged = checkpoint.replace(/^20/, '19');
    const made = await verify(['--checkpoint', forged]);
    expect(made).toMatchObject({
      code: 2,
      output: expect.stringContaining('was not signed by this service'),
    });
    expect(await verify(['--checkpoint', 'x'])).toMatchObject({
      code: 2,
      output: expect.stringContaining('usage: '),
    });
    expect(await verify(['--after', '99'])).toMatchObject({
      code: 2,
      output: 'there is no event with seq 99\n',
    });
  }, 60_000);

  it('needs its two settings, names what is wrong with them, and shows none', async () => {
    expect(await verify([], { SECRET_KEYS: 'hunter2', DATABASE_URL: '' })).toEqual({
      code: 2,
      output: [
        'The settings have faults:',
        '  - DATABASE_URL: is needed',
        '  - SECRET_KEYS: each needs at least 32 characters\n',
      ].join('\n'),
    });
    const gone = await verify([], { DATABASE_URL: 'postgresql://ada:hunter2@127.0.0.1:1/none' });
    expect(gone.code).toBe(2);
    expect(gone.output).not.toContain('hunter2');
  }, 60_000);
});
