// What each scenario needs of the service, and what is to come of it.
import { expectMails, expectOwnersIn, expectTriesOfStrangers } from './expectations.mjs';

/**
 * `title`, `shows`: for people. `settings`: of the service, where they differ from a developer's. `people`: accounts to be
 * made before. `answers`: all that may come. `pressed`: the buckets that are asked for more than they refill from the first
 * request to the last, so that what they admit is known exactly. `untold`: policies whose decisions no answer
 * tells, which are not compared with the metrics. `expect`: what else is to hold; it gets all that is known and yields lines `[holds, text]`.
 */
export const SCENARIOS = {
  'login-spike': {
    title: 'Login spike',
    shows:
      'An office of 20 people behind one address logs in, with the right passwords: 200 logins within a second, before and after it fewer. ' +
      'Set so that the limit per address (`login`) is the one that binds. bcrypt costs next to nothing here, so that answers come at ' +
      'once and the instant of a decision is known closely.',
    settings: { RATE_LIMIT_GLOBAL: '5000/1000', RATE_LIMIT_LOGIN: '20/2', BCRYPT_COST: '4' },
    people: 20,
    answers: ['200', '429 rate_limited'],
    pressed: [{ policy: 'login', bucket: () => true }],
    untold: [],
  },
  'otp-flood': {
    title: 'OTP flood',
    shows:
      'Code requests under the default limits, in turn from one address for one e-mail (`otp-request` binds), from one address for many ' +
      'e-mails (`otp-request-address` binds), and from many addresses for the e-mail of one account: each is answered 202, and ' +
      '`mail` decides how many mails that recipient gets.',
    settings: { BCRYPT_COST: '4' },
    people: 1,
    answers: ['202', '429 rate_limited'],
    pressed: [
      { policy: 'otp-request', bucket: (name) => name === 'target@example.com 198.18.0.1' },
      { policy: 'otp-request-address', bucket: (name) => name === '198.18.0.2' },
    ],
    untold: ['mail'],
    expect: expectMails,
  },
  'stuffing-one-account': {
    title: 'Credential stuffing: many addresses, one account',
    shows:
      '200 addresses guess at one password under the default limits. `login-account-all`, which no header shows, lets so many be compared; ' +
      'when that is spent, the owner comes from the address of an earlier login and is let in each time.',
    settings: { BCRYPT_COST: '4' },
    people: 1,
    atHome: true,
    answers: ['200', '401 invalid_credentials', '429 rate_limited'],
    pressed: [{ policy: 'login-account-all', bucket: () => true }],
    untold: [],
    expect: expectTriesOfStrangers,
  },
  'stuffing-many-accounts': {
    title: 'Credential stuffing: one address, many accounts',
    shows:
      'One address tries e-mails of a list, some of them of accounts, and another address tokens that it made up, under the default ' +
      'limits: `login` binds the one, `global` the other. Afterwards every owner logs in at once.',
    settings: { BCRYPT_COST: '4' },
    people: 10,
    answers: ['401 invalid_credentials', '401 invalid_token', '429 rate_limited'],
    pressed: [
      { policy: 'global', bucket: (name) => name === '198.18.0.2' },
      { policy: 'login', bucket: () => true },
    ],
    untold: [],
    expect: expectOwnersIn,
  },
  'mixed-day': {
    title: 'Mixed day',
    shows:
      'What a day brings, in a minute, under the default limits: registrations confirmed by code and by link, logins, codes, resets, changes, ' +
      'refreshes, guests, an admin, mistakes, and some who press on until they are refused. Every bucket of every policy is held to the formula.',
    settings: { BCRYPT_COST: '4' },
    people: 0,
    answers: [
      ...['200', '201', '202', '204', '400 validation_failed', '400 malformed_json', '400 invalid_otp'],
      ...['400 invalid_reset_token', '401 unauthenticated', '401 invalid_token', '401 invalid_credentials'],
      ...['401 invalid_refresh_token', '401 refresh_token_reused', '403 forbidden', '403 email_not_verified'],
      ...['403 invalid_credentials', '404 not_found', '405 method_not_allowed', '415 unsupported_media_type'],
      '429 rate_limited',
    ],
    pressed: [],
    untold: ['mail'],
  },
};
