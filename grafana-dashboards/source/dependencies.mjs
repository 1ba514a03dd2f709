import { lines, OF_SERVICE, states } from './panels.mjs';

const quantile = (part, metric, by) =>
  `histogram_quantile(${part}, sum by (le, ${by}) (rate(${metric}_bucket{${OF_SERVICE}}[$__rate_interval])))`;
const rate = (metric, by, selector = '') =>
  `sum by (${by}) (rate(${metric}{${OF_SERVICE}${selector}}[$__rate_interval]))`;

/** What the service stands on: Redis, PostgreSQL, the mail server, and its own process. */
export const dependencies = {
  uid: 'tollgate-dependencies',
  title: 'Tollgate: Dependencies',
  about: 'Redis, PostgreSQL, mail, and the process itself.',
  rows: [
    [
      'Up or down',
      states({
        id: 1,
        title: 'Dependencies',
        about:
          'Whether each answered when it was last looked at (every 15 s), as the instance sees it that sees the worst.',
        good: 'up',
        bad: { value: 0, text: 'down' },
        width: 24,
        queries: [[`min by (dependency) (dependency_up{${OF_SERVICE}})`, '{{dependency}}']],
        alerts: ['TollgateDependencyDown', 'TollgateMailServerDown'],
      }),
    ],
    [
      'Redis and sessions',
      lines({
        id: 2,
        title: 'Redis commands',
        about: 'Commands sent to Redis a second.',
        unit: 'ops',
        queries: [[rate('redis_operations_total', 'operation'), '{{operation}}']],
      }),
      lines({
        id: 3,
        title: 'Redis command duration',
        about:
          'Time until the answer, or until it was given up. In one data centre p99 stays below some milliseconds.',
        unit: 's',
        queries: [
          [quantile(0.5, 'redis_command_duration_seconds', 'operation'), '{{operation}} p50'],
          [quantile(0.99, 'redis_command_duration_seconds', 'operation'), '{{operation}} p99'],
        ],
      }),
      lines({
        id: 11,
        title: 'Verified tokens found again',
        about: 'The part of the access tokens that had been verified before, and so cost no signature.',
        unit: 'percentunit',
        max: 1,
        queries: [
          [
            `sum(rate(access_token_cache_lookups_total{${OF_SERVICE},result="hit"}[$__rate_interval])) / sum(rate(access_token_cache_lookups_total{${OF_SERVICE}}[$__rate_interval]))`,
            'found',
          ],
        ],
      }),
      lines({
        id: 10,
        title: 'Sessions looked for in the record',
        about:
          'Sessions a second that Redis did not have: restored from PostgreSQL, or absent there too. A burst follows an emptied Redis.',
        unit: 'cps',
        queries: [[rate('session_refills_total', 'outcome'), '{{outcome}}']],
      }),
    ],
    [
      'PostgreSQL and the audit trail',
      lines({
        id: 4,
        title: 'Statement duration',
        about: 'Time of a statement with the wait for a connection, by the pool that it used.',
        unit: 's',
        queries: [
          [quantile(0.5, 'postgres_query_duration_seconds', 'pool'), '{{pool}} p50'],
          [quantile(0.99, 'postgres_query_duration_seconds', 'pool'), '{{pool}} p99'],
        ],
      }),
      lines({
        id: 6,
        title: 'Statements',
        about: 'Statements a second, by the pool of connections that they used.',
        unit: 'ops',
        queries: [[rate('postgres_query_duration_seconds_count', 'pool'), '{{pool}}']],
      }),
      lines({
        id: 5,
        title: 'Connections',
        about:
          'Connections of each pool over all instances, those that nobody uses, and who waits for one. Somebody waiting for long means a pool too small, or statements too slow.',
        unit: 'short',
        queries: [[`sum by (pool, state) (postgres_pool_connections{${OF_SERVICE}})`, '{{pool}} {{state}}']],
      }),
      lines({
        id: 12,
        title: 'Oldest audit event not sealed',
        about:
          'Age of the oldest audit event outside the chain: some seconds at most while all is well. What is removed before it is sealed is not missed.',
        unit: 's',
        queries: [[`max(audit_unsealed_events_age_seconds{${OF_SERVICE}})`, 'age']],
        steps: [
          [null, 'transparent'],
          [60, 'red'],
        ],
        alerts: ['TollgateAuditUnsealed'],
      }),
    ],
    [
      'Mail',
      lines({
        id: 7,
        title: 'Oldest mail in the outbox',
        about:
          'Age of the code and of the notice that have waited longest. A code is dead after 10 minutes, a notice is tried for a day or three.',
        unit: 's',
        width: 8,
        queries: [[`max by (mails) (outbox_oldest_age_seconds{${OF_SERVICE}})`, '{{mails}}']],
        steps: [
          [null, 'transparent'],
          [300, 'red'],
        ],
        alerts: ['TollgateOutboxStuck', 'TollgateMailsLate'],
      }),
      lines({
        id: 8,
        title: 'Mails in the outbox',
        about: 'Mails that wait to be sent; 10,000 stands for that many or more.',
        unit: 'short',
        width: 8,
        queries: [[`max(outbox_pending{${OF_SERVICE}})`, 'waiting']],
      }),
      lines({
        id: 9,
        title: 'Mails by outcome',
        about: 'Mails a second: sent, failed with another try to follow, or given up.',
        unit: 'cps',
        width: 8,
        queries: [[rate('mails_total', 'outcome'), '{{outcome}}']],
      }),
    ],
    [
      'The process',
      lines({
        id: 13,
        title: 'Event loop lag',
        about: 'How late the event loop comes to what is due, in the worst worker of the worst instance.',
        unit: 's',
        queries: [
          [`max(nodejs_eventloop_lag_mean_seconds{${OF_SERVICE}})`, 'mean'],
          [`max(nodejs_eventloop_lag_p99_seconds{${OF_SERVICE}})`, 'p99'],
          [`max(nodejs_eventloop_lag_max_seconds{${OF_SERVICE}})`, 'max'],
        ],
      }),
      lines({
        id: 14,
        title: 'Memory',
        about:
          'Memory held, JavaScript heap in use, and buffers, by instance. What only ever rises is a leak.',
        unit: 'bytes',
        queries: [
          [`process_resident_memory_bytes{${OF_SERVICE}}`, '{{instance}} resident'],
          [`nodejs_heap_size_used_bytes{${OF_SERVICE}}`, '{{instance}} heap'],
          [`nodejs_external_memory_bytes{${OF_SERVICE}}`, '{{instance}} buffers'],
        ],
      }),
      lines({
        id: 15,
        title: 'CPU',
        about: 'Cores in use by instance. JavaScript uses one at most in each worker, hashes the others.',
        unit: 'short',
        queries: [[`rate(process_cpu_seconds_total{${OF_SERVICE}}[$__rate_interval])`, '{{instance}}']],
      }),
      lines({
        id: 16,
        title: 'Garbage collection',
        about:
          'Cores that are busy collecting garbage, by kind, over all instances. Major ones stop everything.',
        unit: 'short',
        queries: [[rate('nodejs_gc_duration_seconds_sum', 'kind'), '{{kind}}']],
      }),
      lines({
        id: 17,
        title: 'Open files and connections',
        about: 'The part of the allowed files and connections that is open, by instance.',
        unit: 'percentunit',
        queries: [[`process_open_fds{${OF_SERVICE}} / process_max_fds{${OF_SERVICE}}`, '{{instance}}']],
      }),
      lines({
        id: 18,
        title: 'Running for',
        about:
          'Time since the process began, by instance; of several workers the last that did. A saw is one that restarts again and again.',
        unit: 's',
        queries: [[`time() - max by (instance) (process_start_time_seconds{${OF_SERVICE}})`, '{{instance}}']],
      }),
    ],
  ],
};
