import { bars, lines, OF_SERVICE, states } from './panels.mjs';

const decisions = (metric) => `sum by (policy, mode) (rate(${metric}{${OF_SERVICE}}[$__rate_interval]))`;
const refused = 'status="429"';

/** Who is being attacked, what the limits hold back, and whether they can do so at all. */
export const abuse = {
  uid: 'tollgate-abuse',
  title: 'Tollgate: Abuse',
  about: 'Limits, guessed passwords and codes, stolen tokens.',
  rows: [
    [
      'Limits',
      lines({
        id: 1,
        title: 'Allowed',
        about: 'Decisions a second that let a request (or a mail) through, by policy and mode.',
        unit: 'cps',
        queries: [[decisions('rate_limits_allowed'), '{{policy}} {{mode}}']],
      }),
      lines({
        id: 2,
        title: 'Blocked',
        about:
          'Decisions a second that refused one, by policy and mode; in `shadow` it would have been refused and was not.',
        unit: 'cps',
        queries: [[decisions('rate_limits_blocked'), '{{policy}} {{mode}}']],
      }),
      lines({
        id: 3,
        title: 'Blocked ratio',
        about:
          'The part that a limit in force refuses of all that it sees, over 5 minutes and all instances. The alert also wants more than one refusal in 5 s.',
        unit: 'percentunit',
        max: 1,
        queries: [['tollgate:rate_limits_blocked:ratio5m', '{{policy}}']],
        steps: [
          [null, 'transparent'],
          [0.3, 'red'],
        ],
        alerts: ['TollgateBlockedRatio'],
      }),
      bars({
        id: 9,
        title: 'Top refused routes',
        about: 'Answers of 429 in the range shown, by route: what somebody asks for too often.',
        unit: 'short',
        queries: [
          [
            `topk(10, sum by (route) (increase(http_request_duration_seconds_count{${OF_SERVICE},${refused}}[$__range]))) or on() vector(0)`,
            '{{route}}',
          ],
        ],
      }),
    ],
    [
      'Guessing',
      lines({
        id: 4,
        title: 'Stuffing ratio',
        about:
          'The part of the logins by password that fail, over 10 minutes and all instances, our own failures left out. Users alone keep it below a fifth or so.',
        unit: 'percentunit',
        max: 1,
        queries: [['tollgate:password_logins_failed:ratio10m', 'failed of all']],
        steps: [
          [null, 'transparent'],
          [0.6, 'red'],
        ],
        alerts: ['TollgateCredentialStuffing'],
      }),
      lines({
        id: 5,
        title: 'Failed logins',
        about:
          'Logins by password that failed in 10 minutes; the alert of stuffing wants more than 100 beside the ratio.',
        unit: 'short',
        queries: [['tollgate:password_logins_failed:increase10m', 'failed in 10 min']],
        steps: [
          [null, 'transparent'],
          [100, 'red'],
        ],
      }),
      lines({
        id: 7,
        title: 'Code failure ratio',
        about:
          'The part of the codes looked at that are wrong, over 10 minutes and all instances, by purpose. The alert also wants more than 30 of them.',
        unit: 'percentunit',
        max: 1,
        queries: [['tollgate:otp_attempts_failed:ratio10m', '{{purpose}}']],
        steps: [
          [null, 'transparent'],
          [0.6, 'red'],
        ],
        alerts: ['TollgateOtpFailures'],
      }),
      lines({
        id: 8,
        title: 'Failed codes',
        about:
          'Codes a second that did not count, by whether digits or the long token were presented, and why.',
        unit: 'reqps',
        queries: [
          [
            `sum by (method, reason) (rate(otp_attempts_total{${OF_SERVICE},outcome="failure"}[$__rate_interval]))`,
            '{{method}} {{reason}}',
          ],
        ],
      }),
    ],
    [
      'Tokens',
      lines({
        id: 6,
        title: 'Refresh tokens reused',
        about:
          'Old refresh tokens that came again in 15 minutes. Each has ended its session and told the owner.',
        unit: 'short',
        width: 24,
        queries: [[`sum(increase(tokens_reused_total{${OF_SERVICE}}[15m]))`, 'reused in 15 min']],
        steps: [
          [null, 'transparent'],
          [5, 'red'],
        ],
        alerts: ['TollgateTokenReuse'],
      }),
    ],
    [
      'Do the limits work',
      states({
        id: 10,
        title: 'Limiter',
        about:
          'Whether the limits are kept in the shared store. While degraded, calls that need them are refused.',
        good: 'normal',
        bad: { value: 1, text: 'degraded' },
        width: 8,
        queries: [[`max(rate_limiter_degraded{${OF_SERVICE}})`, 'limiter']],
        alerts: ['TollgateLimiterDegraded'],
      }),
      lines({
        id: 11,
        title: 'Changes of the limiter',
        about:
          'How often the limiter became degraded, or normal again, in 15 minutes, as the instance saw it that saw the most. More than 3 means a Redis that comes and goes.',
        unit: 'short',
        width: 8,
        height: 6,
        queries: [
          [`max by (to) (increase(rate_limiter_degraded_changes_total{${OF_SERVICE}}[15m]))`, 'to {{to}}'],
        ],
      }),
      states({
        id: 12,
        title: 'Proxy setting',
        about:
          'Whether all clients seem to come from one proxy, so that they share its limits: TRUST_PROXY does not fit.',
        good: 'right',
        bad: { value: 1, text: 'suspect' },
        width: 8,
        queries: [[`max(proxy_setting_suspect{${OF_SERVICE}})`, 'TRUST_PROXY']],
        alerts: ['TollgateProxySettingWrong'],
      }),
    ],
  ],
};
