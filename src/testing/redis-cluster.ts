import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRedis } from '../stores/redis/redis';
import { freePort } from './free-port';
import { findRedisServer } from './test-redis';

/** Three masters of a test's own, which share the slots. */
export interface TestCluster {
  readonly url: string;
  readonly pids: readonly number[];
  stop(): void;
}

export async function startRedisCluster(): Promise<TestCluster> {
  const program = findRedisServer();
  if (program === undefined) throw new Error('there is no redis-server and no valkey-server');
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-cluster-'));
  const nodes: ClusterNode[] = [];
  const endNodes = () => {
    for (const { process: node } of nodes) node.kill('SIGKILL');
  };
  process.once('exit', endNodes);
  const stop = () => {
    endNodes();
    process.off('exit', endNodes);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const _ of SLOT_RANGES) nodes.push(await startNode(program, folder));
    await joinNodes(nodes);
  } catch (error) {
    // Nodes that go on would keep the tests from ending.
    stop();
    throw error;
  }
  return {
    url: nodes.map(({ port }) => `redis://127.0.0.1:${port}`).join(','),
    pids: nodes.map(({ process: node }) => node.pid ?? 0),
    stop,
  };
}

const SLOT_RANGES = [
  [0, 5_460],
  [5_461, 10_922],
  [10_923, 16_383],
] as const;

interface ClusterNode {
  readonly port: number;
  readonly busPort: number;
  readonly process: ChildProcess;
}

async function startNode(command: string, folder: string): Promise<ClusterNode> {
  const [port, busPort] = [await freePort(), await freePort()];
  const settings = {
    port,
    'cluster-port': busPort,
    bind: '127.0.0.1',
    dir: folder,
    save: '',
    'cluster-enabled': 'yes',
    'cluster-config-file': `nodes-${port}.conf`,
    'cluster-node-timeout': 2_000,
    'cluster-require-full-coverage': 'no',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return { port, busPort, process: spawn(command, args, { stdio: 'ignore' }) };
}

/** Joins the nodes and waits until each serves all slots. */
async function joinNodes(nodes: readonly ClusterNode[]): Promise<void> {
  const connections = nodes.map(({ port }) => openRedis({ url: `redis://127.0.0.1:${port}` }));
  try {
    for (const [index, { client, ready }] of connections.entries()) {
      await eventually(() => ready.call(connections[index]));
      const [first, last] = SLOT_RANGES[index] ?? [0, 0];
      await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
      await client.call('CLUSTER', 'ADDSLOTSRANGE', first, last);
    }
    for (const { port, busPort } of nodes.slice(1)) {
      await connections[0]?.client.call('CLUSTER', 'MEET', '127.0.0.1', port, busPort);
    }
    for (const { client } of connections) {
      await eventually(async () => {
        const info = String(await client.call('CLUSTER', 'INFO'));
        if (!/cluster_state:ok.*cluster_slots_ok:16384/s.test(info)) throw new Error(info);
      });
    }
  } finally {
    await Promise.all(connections.map((connection) => connection.close()));
  }
}

/** Tries again for ten seconds; throws the last failure. */
export async function eventually(works: () => Promise<unknown>): Promise<void> {
  for (let tries = 200; ; tries -= 1) {
    try {
      await works();
      return;
    } catch (error) {
      if (tries === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
