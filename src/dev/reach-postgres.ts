import { setTimeout as delay } from 'node:timers/promises';
import { CannotStart } from '../cannot-start';
import { startEmbeddedPostgres } from './embedded-postgres';
import { postgresAccount } from './postgres-account';
import { ownerUrl, placeData, refuseAlienData } from './postgres-data';
import { isServer, readLock } from './postgres-lock';

/** A server may be recovering from a crash. */
const READY_MS = 60_000;
const ATTEMPTS = 3;

export interface ReachedPostgres {
  /** With its password: a secret. */
  readonly url: string;
  /** Ends the server if it was started for this; one that somebody else runs goes on. */
  stop(): Promise<void>;
}

/**
 * Reaches the development database for a command: the server of a run that is under way (also the one that a killed
 * run has left), else one started for as long as the command takes. Throws `CannotStart` as starting does.
 */
export async function reachEmbeddedPostgres(wantedDir: string): Promise<ReachedPostgres> {
  const { dataDir } = placeData(wantedDir, postgresAccount(wantedDir));
  refuseAlienData(dataDir);
  for (let attempt = 1; ; attempt++) {
    const port = await runningPort(dataDir);
    if (port !== undefined) return { url: ownerUrl(dataDir, port), stop: async () => {} };
    try {
      return await startEmbeddedPostgres({ dataDir: wantedDir });
    } catch (error) {
      // Between looking and starting somebody else may have started one.
      const lock = readLock(dataDir);
      const overtaken = error instanceof CannotStart && lock !== undefined && isServer(lock) === true;
      if (!overtaken || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Where the server on these data takes connections; undefined if none runs, or none that can be seen. */
async function runningPort(dataDir: string): Promise<number | undefined> {
  for (let waited = 0; waited < READY_MS; waited += 50) {
    const lock = readLock(dataDir);
    if (lock === undefined || isServer(lock) !== true) return undefined;
    if (lock.ready && lock.port !== undefined) return lock.port;
    await delay(50);
  }
  throw new CannotStart(`the PostgreSQL that runs on ${dataDir} does not become ready`);
}
