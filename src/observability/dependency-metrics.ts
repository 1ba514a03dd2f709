import { Gauge, Histogram, type Registry } from 'prom-client';
import { counterOf } from './known-counter';

/** The pools of connections to PostgreSQL, by what they serve. */
export type PoolName = 'requests' | 'housekeeping' | 'sealing';

export interface PoolState {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
}

/** What the connections tell. */
export interface DependencyEvents {
  onRedisCommand(operation: string): void;
  /** `script` is the name of the one that ran, if one did. */
  onRedisCommandEnded(operation: string, seconds: number, script: string | undefined): void;
  /** `operation` is the first word of the statement. */
  onStatement(pool: PoolName, seconds: number, operation: string): void;
}

const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** What the service depends on, and what that costs. */
export class DependencyMetrics {
  readonly #registry: Registry;
  readonly #up: Gauge<'dependency'>;
  readonly events: DependencyEvents;

  constructor(registry: Registry) {
    this.#registry = registry;
    const registers = [registry];
    const redisOperations = counterOf(registry, {
      name: 'redis_operations_total',
      help: 'Commands sent to Redis',
      labelNames: ['operation'],
    });
    const redisDuration = new Histogram({
      name: 'redis_command_duration_seconds',
      help: 'Time that a command to Redis took, well or ill',
      labelNames: ['operation'],
      buckets: BUCKETS,
      registers,
    });
    const statements = new Histogram({
      name: 'postgres_query_duration_seconds',
      help: 'Time that a statement took, well or ill, with the wait for a connection',
      labelNames: ['pool'],
      buckets: BUCKETS,
      registers,
    });
    this.events = {
      onRedisCommand: (operation) => redisOperations.inc({ operation }),
      onRedisCommandEnded: (operation, seconds) => redisDuration.observe({ operation }, seconds),
      onStatement: (pool, seconds) => statements.observe({ pool }, seconds),
    };
    this.#up = new Gauge({
      name: 'dependency_up',
      help: 'Whether a dependency answered when it was last looked at',
      labelNames: ['dependency'],
      // Down for one worker is down.
      aggregator: 'min',
      registers,
    });
  }

  setUp(dependency: string, up: boolean): void {
    this.#up.set({ dependency }, up ? 1 : 0);
  }

  follow(pools: readonly { readonly name: PoolName; readonly state: () => PoolState }[]): void {
    new Gauge({
      name: 'postgres_pool_connections',
      help: 'Connections of a pool, those of them that are idle, and who waits for one',
      labelNames: ['pool', 'state'],
      registers: [this.#registry],
      collect() {
        for (const { name, state } of pools) {
          const { total, idle, waiting } = state();
          this.set({ pool: name, state: 'total' }, total);
          this.set({ pool: name, state: 'idle' }, idle);
          this.set({ pool: name, state: 'waiting' }, waiting);
        }
      },
    });
  }
}
