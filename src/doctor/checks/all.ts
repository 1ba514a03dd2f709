import type { Check } from '../check';
import { accountChecks } from './accounts';
import { answerChecks } from './answers';
import { cookieChecks } from './cookies';
import { databaseChecks } from './database';
import { headerChecks } from './headers';
import { limitChecks } from './limits';
import { mailChecks } from './mail';
import { originChecks } from './origins';
import { passwordChecks } from './passwords';
import { proxyChecks } from './proxy';
import { redisChecks } from './redis';
import { secretChecks } from './secrets';
import { sessionChecks } from './sessions';
import { settingsChecks } from './settings';
import { tlsChecks } from './tls';
import { transportChecks } from './transport';

/** Checks that belong together, in the order they are shown. */
export const TOPICS: readonly { readonly topic: string; readonly checks: readonly Check[] }[] = [
  { topic: 'Settings', checks: settingsChecks },
  { topic: 'Secrets and keys', checks: secretChecks },
  { topic: 'Transport', checks: transportChecks },
  { topic: 'Passwords', checks: passwordChecks },
  { topic: 'Sessions and tokens', checks: sessionChecks },
  { topic: 'Limits', checks: limitChecks },
  { topic: 'Proxy', checks: proxyChecks },
  { topic: 'PostgreSQL', checks: databaseChecks },
  { topic: 'Accounts', checks: accountChecks },
  { topic: 'Redis', checks: redisChecks },
  { topic: 'Mail', checks: mailChecks },
  { topic: 'Origins', checks: originChecks },
  { topic: 'Answers of the running instance', checks: answerChecks },
  { topic: 'Headers of the running instance', checks: headerChecks },
  { topic: 'Cookies of the running instance', checks: cookieChecks },
  { topic: 'TLS of the running instance', checks: tlsChecks },
];

export const CHECKS: readonly Check[] = TOPICS.flatMap(({ checks }) => checks);
