import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runBuilt } from '../testing/built-service';
import { describedFetch } from '../testing/described-fetch';
import { freePort } from '../testing/free-port';
import { query } from '../testing/orphan-postgres';
import { fillGapsOfCommand } from './fill-gaps';
import { readLock } from './postgres-lock';

describe('the audit trail of a development service', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-audit-dev-'));
  chmodSync(folder, 0o711); // as root PostgreSQL runs as another user
  const dataDir = `--data-dir=${folder}`;
  const verify = async (...args: string[]) => {
    const run = runBuilt('dev/audit-verify.js', {}, [dataDir, ...args]);
    return { code: await run.ended, output: run.output() };
  };
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is sealed while it runs and when it ends, and verified beside it and without it', async () => {
    const env = {
      PORT: String(await freePort()),
      INBOX_PORT: String(await freePort()),
      BCRYPT_COST: '4',
    };
    const service = runBuilt('dev/main.js', env, [dataDir]);
    await service.printed('Tollgate is ready.');
    // The keys that are listed, and the first admin.
    await service.printed('auditCheckpoint');
    expect(service.output()).toContain('"what":"keys changed"');
    expect(await verify()).toMatchObject({ code: 0, output: expect.stringMatching(/^INTACT {2}2 events/) });
    const guest = `http://127.0.0.1:${env.PORT}/api/v1/users/me/sessions`;
    expect((await describedFetch(guest)).status).toBe(401);
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0);

    // What was counted in memory is in the database, and becomes an event once its minute is over.
    const parts = await fillGapsOfCommand({}, folder);
    const url = String(parts.environment['DATABASE_URL']);
    expect(await query(url, 'SELECT code, count FROM audit_refusals')).toEqual([
      { code: 'unauthenticated', count: 1 },
    ]);
    await parts.stop();
    const checkpoints = [...service.output().matchAll(/"auditCheckpoint":"([^"]+)"/g)];
    const [, checkpoint = ''] = checkpoints.at(-1) ?? [];
    expect(await verify('--checkpoint', checkpoint)).toMatchObject({ code: 0 });
    expect(readLock(join(folder, 'postgres'))).toBeUndefined();

    const again = await fillGapsOfCommand({}, folder);
    await query(String(again.environment['DATABASE_URL']), 'DELETE FROM audit_events WHERE seq = 1');
    await again.stop();
    expect(await verify()).toMatchObject({
      code: 1,
      output: expect.stringMatching('^TAMPERED  seq 1: removed'),
    });
  }, 120_000);
});
