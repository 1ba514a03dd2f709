import { bars, lines, number, OF_SERVICE } from './panels.mjs';

const attempts = (selector, by) =>
  `sum by (${by}) (rate(auth_attempts_total{${OF_SERVICE},${selector}}[$__rate_interval]))`;
const stage = (name) => `sum(increase(account_funnel_total{${OF_SERVICE},stage="${name}"}[$__range]))`;
const codes = (by, selector = '') =>
  `sum by (${by}) (rate(otp_attempts_total{${OF_SERVICE}${selector}}[$__rate_interval]))`;

/** Who gets in, by what, how far new accounts come, and why others fail. */
export const authentication = {
  uid: 'tollgate-authentication',
  title: 'Tollgate: Authentication',
  about: 'Accounts and sessions: the funnel, logins, refreshes, codes, resets and mails.',
  rows: [
    [
      'Accounts',
      number({
        id: 1,
        title: 'Active users',
        about:
          'Users with a live session. Every instance tells the same, so this is the most that one tells.',
        unit: 'short',
        queries: [[`max(business_kpi_active_users{${OF_SERVICE}})`, 'users']],
      }),
      number({
        id: 2,
        title: 'Live sessions',
        about: 'Sessions that are neither ended nor expired; a user may have several.',
        unit: 'short',
        queries: [[`max(sessions_active{${OF_SERVICE}})`, 'sessions']],
      }),
      number({
        id: 5,
        title: 'Conversion',
        about:
          'Of the registrations in the range shown, the part that proved its e-mail; of those, the part that logged in. Over a short range accounts made before it come in.',
        unit: 'percentunit',
        decimals: 0,
        names: true,
        width: 6,
        queries: [
          [`${stage('verified')} / ${stage('registered')}`, 'verified'],
          [`${stage('first_login')} / ${stage('verified')}`, 'logged in'],
        ],
      }),
      bars({
        id: 4,
        title: 'Funnel',
        about:
          'Accounts that came to each stage in the range shown: a pending account was made or replaced, its e-mail was proved, it was logged in to for the first time.',
        unit: 'short',
        width: 10,
        height: 5,
        queries: [
          [stage('registered'), 'registered'],
          [stage('verified'), 'verified'],
          [stage('first_login'), 'first login'],
        ],
      }),
      lines({
        id: 3,
        title: 'Active users and sessions',
        about: 'Users with a live session, and live sessions, over time.',
        unit: 'short',
        width: 24,
        queries: [
          [`max(business_kpi_active_users{${OF_SERVICE}})`, 'users'],
          [`max(sessions_active{${OF_SERVICE}})`, 'sessions'],
        ],
      }),
    ],
    [
      'Logins',
      lines({
        id: 6,
        title: 'Logins by outcome',
        about:
          'Well-formed logins by password a second, refused ones too, by `success` or the code of the problem.',
        unit: 'reqps',
        stacked: true,
        queries: [
          [`sum by (outcome) (rate(login_requests_total{${OF_SERVICE}}[$__rate_interval]))`, '{{outcome}}'],
        ],
      }),
      lines({
        id: 7,
        title: 'Successful logins by method',
        about: 'Logins a second that succeeded, by password or by a code.',
        unit: 'reqps',
        stacked: true,
        queries: [
          [`sum by (method) (rate(auth_success_total{${OF_SERVICE}}[$__rate_interval]))`, '{{method}}'],
        ],
      }),
      lines({
        id: 8,
        title: 'Logins by method, outcome and reason',
        about:
          'All attempts to log in a second. A rise of `invalid_credentials` alone is an attack or a broken client; of `overloaded` or `dependency_unavailable` it is us.',
        unit: 'reqps',
        width: 24,
        queries: [
          [attempts('action="login"', 'method, outcome, reason'), '{{method}} {{outcome}} {{reason}}'],
        ],
      }),
    ],
    [
      'Sessions and resets',
      lines({
        id: 9,
        title: 'Refreshes',
        about:
          'Refreshes a second by where the token was carried, and how they end. `refresh_token_reused` ends a session.',
        unit: 'reqps',
        queries: [
          [attempts('action="refresh"', 'method, outcome, reason'), '{{method}} {{outcome}} {{reason}}'],
        ],
      }),
      lines({
        id: 10,
        title: 'Password resets',
        about: 'Resets a second by how they end.',
        unit: 'reqps',
        queries: [[attempts('action="password_reset"', 'outcome, reason'), '{{outcome}} {{reason}}']],
      }),
    ],
    [
      'Codes and mails',
      lines({
        id: 11,
        title: 'Codes asked for',
        about:
          'Calls a second that asked for a code and were answered 202, whether or not there is such an account.',
        unit: 'reqps',
        queries: [
          [`sum by (purpose) (rate(otp_requests_total{${OF_SERVICE}}[$__rate_interval]))`, '{{purpose}}'],
        ],
      }),
      lines({
        id: 12,
        title: 'Codes presented',
        about:
          'Codes presented a second: digits, or the long token of the same mail, by purpose and outcome.',
        unit: 'reqps',
        queries: [[codes('purpose, method, outcome'), '{{purpose}} {{method}} {{outcome}}']],
      }),
      lines({
        id: 13,
        title: 'Mails sent',
        about: 'Mails a second that the mail server has taken, by kind.',
        unit: 'cps',
        width: 24,
        queries: [
          [`sum by (kind) (rate(mails_total{${OF_SERVICE},outcome="sent"}[$__rate_interval]))`, '{{kind}}'],
        ],
      }),
    ],
  ],
};
