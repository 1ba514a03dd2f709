import { type Check, fail, notApplicable, type Outcome, pass, warn, worst } from '../check';
import { type Dependency, dependenciesOf } from '../dependencies';
import type { Facts } from '../facts';
import { distanceOf } from '../hosts';

const WELL_KNOWN =
  /^(?:admin|administrator|changeme|default|guest|password|postgres|postgresql|redis|root|secret|test|tollgate|user)\d{0,4}$/i;

/** Whether the connection that was tried was encrypted; undefined where it was not, or does not tell. */
function seenEncrypted({ name }: Dependency, { database, smtp }: Facts): boolean | undefined {
  if (name === 'PostgreSQL' && database.seen) return database.value.encrypted ?? undefined;
  if (name === 'SMTP' && smtp.seen) return smtp.value.encrypted;
  return undefined;
}

function encryption(dependency: Dependency, facts: Facts): Outcome {
  const { setting, distance, tls } = dependency;
  if (facts.filled.has(setting)) return notApplicable('embedded, on this machine');
  const tried = seenEncrypted(dependency, facts);
  if (tls === 'always' && tried !== false) return pass(tried ? 'TLS, as tried' : 'TLS, by its URL');
  if (distance === 'this machine') return pass('not needed: it does not leave this machine');
  const how =
    tls === 'opportunistic'
      ? `TLS only where the server offers it${tried === undefined ? '' : tried ? ' (it does)' : ' (it does not)'}: whoever sits between can hide that`
      : 'in the clear';
  return distance === 'beyond' ? fail(how) : warn(`${how}, inside a private network`);
}

function encrypted(name: Dependency['name'], setting: string): Check {
  return {
    id: 'V12.3.1',
    level: 2,
    must: true,
    productionOnly: true,
    title: `The connection to ${name} is encrypted (${setting})`,
    run(facts) {
      const dependency = dependenciesOf(facts.config).find((each) => each.name === name);
      return dependency === undefined
        ? notApplicable('none: the working state is kept in the process')
        : encryption(dependency, facts);
    },
  };
}

/** Judges each dependency that is not embedded and leaves this machine. */
function eachRemote({ config, filled }: Facts, judgement: (dependency: Dependency) => Outcome): Outcome {
  const remote = dependenciesOf(config).filter(
    ({ setting, distance }) => !filled.has(setting) && distance !== 'this machine',
  );
  return worst(remote.map(judgement), notApplicable('none is on another machine'));
}

export const transportChecks: readonly Check[] = [
  {
    id: 'V12.2.1',
    level: 1,
    must: true,
    productionOnly: true,
    title: 'Clients reach the API by https alone (BASE_URL)',
    run({ config: { baseUrl } }) {
      const { protocol, hostname } = new URL(baseUrl);
      if (protocol === 'https:') return pass('BASE_URL is https');
      return distanceOf(hostname) === 'this machine'
        ? warn('BASE_URL is http, for clients on this machine alone')
        : fail('BASE_URL is http: passwords and tokens travel in the clear');
    },
  },
  encrypted('PostgreSQL', 'DATABASE_URL'),
  encrypted('Redis', 'REDIS_URL'),
  encrypted('SMTP', 'SMTP_URL'),
  {
    id: 'V12.3.2',
    level: 2,
    must: true,
    title: 'Certificates of dependencies are verified',
    run({ config, environment }) {
      if (environment['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
        return fail('NODE_TLS_REJECT_UNAUTHORIZED=0 turns that off for the whole process');
      }
      const trusting = dependenciesOf(config).filter(({ verified }) => !verified);
      return trusting.length === 0
        ? pass('nothing turns that off')
        : fail(`turned off by ${trusting.map(({ setting }) => setting).join(', ')}`);
    },
  },
  {
    id: 'V13.2.1',
    level: 2,
    must: true,
    productionOnly: true,
    title: 'Dependencies on other machines ask who we are',
    run(facts) {
      return eachRemote(facts, ({ name, distance, password, clientCertificate }) => {
        if (password !== '' || clientCertificate) return pass(`${name}: with credentials`);
        // A relay may let in by address.
        if (name === 'SMTP')
          return distance === 'beyond' ? warn('SMTP: without credentials') : pass('SMTP: by address');
        return fail(`${name}: without credentials`);
      });
    },
  },
  {
    id: 'V13.2.3',
    level: 2,
    must: true,
    productionOnly: true,
    title: 'Credentials of dependencies are not well-known ones',
    run(facts) {
      return eachRemote(facts, ({ name, user, password }) => {
        if (password === '') return pass(`${name}: none`);
        if (password === user) return fail(`${name}: the password is the user's name`);
        if (WELL_KNOWN.test(password)) return fail(`${name}: the password is a well-known one`);
        return password.length < 12
          ? warn(`${name}: the password has ${password.length} characters`)
          : pass(`${name}: ${password.length} characters`);
      });
    },
  },
];
