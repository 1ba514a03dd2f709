import { productionFaults } from '../../production-rules';
import { type Check, fail, notApplicable, pass, warn } from '../check';

/** Levels of the log at which security events, which are `info`, still come through. */
const WITH_EVENTS = ['info', 'debug', 'trace'];

export const settingsChecks: readonly Check[] = [
  {
    id: 'TG-1',
    level: null,
    must: true,
    productionOnly: true,
    title: 'Every setting that production needs is given',
    run({ environment, production }) {
      const missing = [...productionFaults(environment)]
        .filter(([, fault]) => fault === 'is needed in production')
        .map(([name]) => name);
      if (missing.length === 0) return pass('all are');
      return production
        ? fail(`missing: ${missing.join(', ')}`)
        : notApplicable(`embedded or made for development: ${missing.join(', ')}`);
    },
  },
  {
    id: 'V13.4.2',
    level: 2,
    must: true,
    productionOnly: true,
    title: 'Nothing runs in a mode for debugging',
    run({ config, environment }) {
      if (!config.production)
        return fail('NODE_ENV is not production, so weak settings are not refused at start');
      if (/--inspect/.test(environment['NODE_OPTIONS'] ?? '')) return fail('NODE_OPTIONS opens a debugger');
      if (['debug', 'trace'].includes(config.logLevel)) return warn(`LOG_LEVEL is ${config.logLevel}`);
      return pass(`NODE_ENV is production, LOG_LEVEL ${config.logLevel}, no debugger`);
    },
  },
  {
    id: 'V16.3.1',
    level: 2,
    must: true,
    productionOnly: true,
    title: 'Logins, good and bad, reach the log',
    run({ config: { logLevel } }) {
      return WITH_EVENTS.includes(logLevel)
        ? pass(`LOG_LEVEL is ${logLevel}`)
        : fail(`LOG_LEVEL ${logLevel} leaves security events out, which are info`);
    },
  },
  {
    id: 'TG-2',
    level: null,
    must: false,
    productionOnly: true,
    title: 'Mails have a sender that others accept',
    run({ config: { mailFrom } }) {
      const reserved = /@(?:[^@>]*\.)?(?:localhost|test|invalid|example|example\.(?:com|net|org))>?$/i;
      return reserved.test(mailFrom)
        ? fail('MAIL_FROM is of a reserved domain; servers refuse it, or answers get lost')
        : pass('MAIL_FROM is of a domain that can exist');
    },
  },
];
