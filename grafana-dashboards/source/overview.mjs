import { bars, lines, number, OF_SERVICE, OF_USERS, states } from './panels.mjs';

const rate = (selector) => `rate(http_request_duration_seconds_count{${selector}}[$__rate_interval])`;
const increase = (selector) => `increase(http_request_duration_seconds_count{${selector}}[$__range])`;
const answers = (ofClass = '') =>
  `sum(increase(http_answers_total{${OF_SERVICE},scope="users"${ofClass}}[$__range]))`;
const latency = (quantile, by = '') =>
  `histogram_quantile(${quantile}, sum by (le${by}) (rate(http_request_duration_seconds_bucket{${OF_USERS}}[$__rate_interval])))`;
const hashing = (quantile, metric) =>
  `histogram_quantile(${quantile}, sum by (le) (rate(${metric}_bucket{${OF_SERVICE}}[$__rate_interval])))`;

/** Is the service well, what does it do, what goes wrong, what is nearly full. */
export const overview = {
  uid: 'tollgate-overview',
  title: 'Tollgate: Overview',
  about: 'Service level, traffic, errors and saturation.',
  rows: [
    [
      'Service level',
      number({
        id: 1,
        title: 'Availability',
        about: 'Answers that are no 5xx, of all in the range shown. The aim is 99.9 %.',
        unit: 'percentunit',
        decimals: 3,
        queries: [[`1 - ${answers(',class="5xx"')} / ${answers()}`, 'available']],
        steps: [
          [null, 'red'],
          [0.999, 'green'],
        ],
      }),
      number({
        id: 5,
        title: 'Instances',
        about: 'Instances that Prometheus gets metrics of, and those that it knows.',
        unit: 'short',
        names: true,
        queries: [
          ['sum(up{job="tollgate"})', 'up'],
          ['count(up{job="tollgate"})', 'known'],
        ],
        alerts: ['TollgateInstanceDown'],
      }),
      number({
        id: 4,
        title: 'Alerts firing',
        about: 'Alerts of Tollgate that fire now, on any dashboard.',
        unit: 'short',
        queries: [['count(ALERTS{alertname=~"Tollgate.+",alertstate="firing"}) or vector(0)', 'firing']],
        steps: [
          [null, 'green'],
          [1, 'red'],
        ],
      }),
      number({
        id: 18,
        title: 'Signed in',
        about:
          'Users with a live session, and live sessions. Every instance tells the same, so this is the most that one tells.',
        unit: 'short',
        names: true,
        queries: [
          [`max(business_kpi_active_users{${OF_SERVICE}})`, 'users'],
          [`max(sessions_active{${OF_SERVICE}})`, 'sessions'],
        ],
      }),
      number({
        id: 6,
        title: 'Build',
        about:
          'Instances by the build that they run; two builds at a time mean a roll-out under way, or one that stopped half-way.',
        unit: 'short',
        names: true,
        width: 8,
        queries: [
          [
            `count by (version, node_version) (tollgate_build_info{${OF_SERVICE}})`,
            '{{version}} on Node {{node_version}}',
          ],
        ],
      }),
      lines({
        id: 2,
        title: 'Error budget burn',
        about:
          'How many times faster than allowed the error budget (0.1 % of the answers of 30 days) is spent. 1 spends it in 30 days, 14.4 in two. The fast alert wants both 1 h and 5 min above 14.4, the slow one both 6 h and 30 min above 6.',
        unit: 'none',
        queries: ['5m', '30m', '1h', '6h'].map((window) => [
          `tollgate:http_error_ratio:rate${window} / 0.001`,
          window,
        ]),
        steps: [
          [null, 'transparent'],
          [6, 'orange'],
          [14.4, 'red'],
        ],
        alerts: ['TollgateErrorBudgetBurnFast', 'TollgateErrorBudgetBurnSlow'],
      }),
      lines({
        id: 3,
        title: 'Latency',
        about:
          'Time to the last byte of the answer, over all routes of users. Logins hash a password and cost 50 to 300 ms each, so see the routes apart below.',
        unit: 's',
        queries: [
          [latency(0.5), 'p50'],
          [latency(0.95), 'p95'],
          [latency(0.99), 'p99'],
        ],
      }),
    ],
    [
      'Traffic',
      lines({
        id: 7,
        title: 'Requests by route',
        about:
          'Requests a second by the pattern of their route; `unmatched` is every path that does not exist.',
        unit: 'reqps',
        stacked: true,
        queries: [[`sum by (route) (${rate(OF_SERVICE)})`, '{{route}}']],
      }),
      lines({
        id: 9,
        title: 'Latency by route (p95)',
        about: 'Nineteen of twenty requests of a route are answered in this time.',
        unit: 's',
        queries: [[latency(0.95, ', route'), '{{route}}']],
      }),
    ],
    [
      'Errors',
      lines({
        id: 10,
        title: 'Errors by code',
        about:
          'Answers of 400 and above a second, by the `code` of their problem. 4xx are mostly clients; 5xx are ours.',
        unit: 'reqps',
        queries: [[`sum by (code) (rate(error_events_total{${OF_SERVICE}}[$__rate_interval]))`, '{{code}}']],
      }),
      lines({
        id: 8,
        title: 'Requests by status',
        about: 'Requests a second by the status of their answer.',
        unit: 'reqps',
        stacked: true,
        queries: [[`sum by (status) (${rate(OF_SERVICE)})`, '{{status}}']],
      }),
      bars({
        id: 11,
        title: '5xx by route',
        about:
          'Answers of 500 and above in the range shown, by route. Health checks answer 503 on purpose and are left out; so is what a route answered before the first scrape that saw it fail.',
        unit: 'short',
        queries: [
          [
            `topk(10, sum by (route, status) (${increase(`${OF_USERS},status=~"5.."`)})) or on() vector(0)`,
            '{{status}} {{route}}',
          ],
        ],
      }),
      states({
        id: 19,
        title: 'Dependencies',
        about:
          'Whether each dependency answered when it was last looked at, as the instance sees it that sees the worst.',
        good: 'up',
        bad: { value: 0, text: 'down' },
        height: 8,
        queries: [[`min by (dependency) (dependency_up{${OF_SERVICE}})`, '{{dependency}}']],
      }),
    ],
    [
      'Saturation',
      lines({
        id: 12,
        title: 'Requests in flight',
        about: 'Requests that have come and are not answered yet; the scrape itself is one.',
        unit: 'short',
        queries: [[`http_requests_in_flight{${OF_SERVICE}}`, '{{instance}}']],
      }),
      lines({
        id: 13,
        title: 'Event loop lag (p99)',
        about:
          'How late the event loop comes to what is due, by instance, in its worst worker. Above 0.1 s everything is slow: too much work for one core, or a blocking call.',
        unit: 's',
        queries: [[`max by (instance) (nodejs_eventloop_lag_p99_seconds{${OF_SERVICE}})`, '{{instance}}']],
        steps: [
          [null, 'transparent'],
          [0.1, 'red'],
        ],
      }),
      lines({
        id: 14,
        title: 'Hash queue',
        about:
          'Passwords that wait to be hashed, as a part of those that may (128 in each worker), by instance. Where a queue is full the next login gets 503.',
        unit: 'percentunit',
        max: 1,
        queries: [
          [
            `password_hash_queue_depth{${OF_SERVICE}} / password_hash_queue_capacity{${OF_SERVICE}}`,
            '{{instance}}',
          ],
        ],
        steps: [
          [null, 'transparent'],
          [0.8, 'red'],
        ],
      }),
      lines({
        id: 16,
        title: 'Hashes refused',
        about:
          'Hashes in five minutes that were refused with 503, for the queue was full or they had waited too long.',
        unit: 'short',
        queries: [
          [`sum by (instance) (increase(password_hash_rejected_total{${OF_SERVICE}}[5m]))`, '{{instance}}'],
        ],
        steps: [
          [null, 'transparent'],
          [1, 'red'],
        ],
        alerts: ['TollgateHashQueueFull'],
      }),
      lines({
        id: 15,
        title: 'Wait for a hash, and the hash (p95)',
        about:
          'The time that a hash waits for its turn, and that it takes from then on. The second follows BCRYPT_COST; the first should be near 0.',
        unit: 's',
        width: 24,
        queries: [
          [hashing(0.95, 'password_hash_wait_seconds'), 'wait'],
          [hashing(0.95, 'password_hash_duration_seconds'), 'hash'],
        ],
      }),
    ],
  ],
};
