import { createServer } from 'node:net';
import { CannotStart } from '../cannot-start';
import { postgresAccount } from './postgres-account';
import { postgresBinaries } from './postgres-binaries';
import {
  type ClusterOptions,
  createCluster,
  ownerUrl,
  placeData,
  refuseAlienData,
  refuseOtherVersion,
} from './postgres-data';
import { clusterName, endOrphan } from './postgres-orphan';
import { endServer, type PostgresProcess, spawnPostgres } from './postgres-process';

const START_TIMEOUT_MS = 60_000; // recovery after a crash included

export interface EmbeddedPostgresOptions {
  /** Kept over restarts; made if missing. Moved below /var/lib/tollgate if PostgreSQL could not reach it (see `placeData`). */
  readonly dataDir: string;
  /** 0, the default: any free one. */
  readonly port?: number;
  /** False trades the safety of the data in a crash for speed (tests). */
  readonly durable?: boolean;
}

export interface EmbeddedPostgres {
  /** With its password: a secret. */
  readonly url: string;
  /** Where the data really lie. */
  readonly dataDir: string;
  /** Ends connections and the server, in at most 20 s. */
  stop(): Promise<void>;
}

/**
 * Starts a real PostgreSQL of our own on the loopback address, with password authentication. Ends what a killed
 * run left behind on the same data. Throws an error that says what to do if it cannot start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, cacheDir } = placeData(options.dataDir, postgresAccount(options.dataDir));
  const account = postgresAccount(dataDir);
  refuseAlienData(dataDir);
  const binaries = postgresBinaries(account, cacheDir);
  const cluster = { binaries, dataDir, account, durable: options.durable ?? true };
  await createCluster(cluster);
  refuseOtherVersion(dataDir);
  await endOrphan(dataDir);
  const { server, port } = await serve(cluster, options.port ?? 0);

  const atExit = () => server.child.kill('SIGINT');
  process.once('exit', atExit);
  return {
    url: ownerUrl(dataDir, port),
    dataDir,
    async stop() {
      await endServer(server.child);
      process.off('exit', atExit);
    },
  };
}

async function serve(cluster: ClusterOptions, wantedPort: number) {
  for (let attempt = 1; ; attempt++) {
    const port = wantedPort === 0 ? await freePort() : wantedPort;
    try {
      return { server: await startServer(cluster, port), port };
    } catch (error) {
      // Between finding a free port and taking it somebody else may.
      const taken = /could not create any TCP\/IP sockets|Address already in use/.test(String(error));
      if (taken && wantedPort !== 0) {
        throw new CannotStart(`port ${port}, asked for by the embedded PostgreSQL, is taken`, {
          cause: error,
        });
      }
      if (!taken || attempt === 5) throw error;
    }
  }
}

async function startServer(cluster: ClusterOptions, port: number): Promise<PostgresProcess> {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    cluster_name: clusterName(process.pid, cluster.dataDir),
    max_connections: '200',
    lc_messages: 'C',
    ...(cluster.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  const args = ['-D', cluster.dataDir, '-p', String(port)];
  for (const [name, value] of Object.entries(settings)) args.push('-c', `${name}=${value}`);
  return new Promise((resolve, reject) => {
    const server = spawnPostgres(cluster.binaries.postgres, args, cluster.account, () => {
      if (!/ready to accept connections/.test(server.output())) return;
      settle();
      resolve(server);
    });
    const fail = (what: string) => {
      settle();
      server.child.kill('SIGQUIT');
      reject(new CannotStart(`the embedded PostgreSQL ${what}: ${server.output()}`));
    };
    // 'close' and not 'exit': by then all it said has been read.
    const onClose = () => fail('did not start');
    const timer = setTimeout(() => fail(`was not ready within ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
    const settle = () => {
      clearTimeout(timer);
      server.child.off('close', onClose);
    };
    server.child.on('close', onClose);
  });
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('there is no free port');
  return address.port;
}
