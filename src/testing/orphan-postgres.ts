import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';

/** Starts an embedded server from another process, which is then killed; returns the server's process number. */
export async function startAndKillStarter(dataDir: string): Promise<number> {
  const root = join(__dirname, '..', '..');
  const loader = pathToFileURL(join(root, 'scripts', 'typescript.mjs')).href;
  const program = `require(${JSON.stringify(join(root, 'src', 'dev', 'embedded-postgres.ts'))})
    .startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, durable: false })
    .then(() => process.kill(process.pid, 'SIGKILL'))`;
  const starter = spawn(process.execPath, ['--import', loader, '-e', program], {
    stdio: 'inherit',
    cwd: root,
  });
  const [, signal] = await once(starter, 'exit');
  if (signal !== 'SIGKILL') throw new Error('the starter could not start a server');
  return Number.parseInt(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8'), 10);
}

/** A process that has ended but that no init has collected counts as ended. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** One statement over a connection of its own. */
export async function query(url: string, sql: string): Promise<unknown[]> {
  const connection = await new PrismaPg({ connectionString: url, max: 1 }).connect();
  try {
    return (await connection.underlyingDriver().query(sql)).rows;
  } finally {
    await connection.dispose();
  }
}
