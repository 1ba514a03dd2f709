import { createPrivateKey } from 'node:crypto';
import { productionFaults } from '../../production-rules';
import { SECRET_SETTINGS } from '../../settings';
import { type Check, fail, notApplicable, type Outcome, pass, warn, worst } from '../check';
import type { Facts } from '../facts';

/** NIST SP 800-57: an RSA key of 3072 bits is worth 128. */
const RSA_BITS = 3072;

type SecretName = 'JWT_SECRET' | 'SECRET_KEYS' | 'PASSWORD_PEPPER' | 'METRICS_TOKEN';

function valuesOf(name: SecretName, { config }: Facts): readonly string[] {
  switch (name) {
    case 'JWT_SECRET':
      return config.signing.alg === 'HS256' ? config.signing.secrets : [];
    case 'SECRET_KEYS':
      return config.secretKeys;
    case 'PASSWORD_PEPPER':
      return config.passwordPeppers;
    case 'METRICS_TOKEN':
      return config.metricsToken === undefined ? [] : [config.metricsToken];
  }
}

/** Length and kind of a secret, which is all that is ever shown of one. */
function describe(secret: string): string {
  const kind = /^[\da-f]+$/i.test(secret)
    ? 'hexadecimal'
    : /^[\w+/-]+={0,2}$/.test(secret)
      ? 'base64'
      : 'mixed';
  return `${secret.length} characters, ${kind}, ${new Set(secret).size} different`;
}

function hardToGuess(name: SecretName): Check {
  return {
    id: 'V11.5.1',
    level: 2,
    must: true,
    productionOnly: true,
    title: `${name} is hard to guess, no sample, and of its own`,
    run(facts) {
      const values = valuesOf(name, facts);
      if (values.length === 0) {
        if (name === 'JWT_SECRET') return notApplicable(`unused: JWT_ALG is ${facts.config.signing.alg}`);
        return fail('is not set');
      }
      // What development made counts too where it is judged as if for production.
      const environment = { ...facts.environment, [name]: values.join(',') };
      const faults = [...productionFaults(environment)]
        .filter(([at]) => at === name)
        .map(([, fault]) => fault);
      const seen = values.map(describe).join('; ');
      return faults.length > 0 ? fail(`${[...new Set(faults)].join('; ')} (${seen})`) : pass(seen);
    },
  };
}

function keySize(pem: string): Outcome {
  const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(pem);
  if (asymmetricKeyType === 'ec') return pass('P-256');
  const bits = asymmetricKeyDetails?.modulusLength ?? 0;
  return bits >= RSA_BITS ? pass(`RSA of ${bits} bits`) : fail(`RSA of ${bits} bits, less than ${RSA_BITS}`);
}

export const secretChecks: readonly Check[] = [
  hardToGuess('JWT_SECRET'),
  hardToGuess('SECRET_KEYS'),
  hardToGuess('PASSWORD_PEPPER'),
  hardToGuess('METRICS_TOKEN'),
  {
    id: 'V11.2.3',
    level: 2,
    must: false,
    title: 'Signing keys are worth 128 bits or more',
    run({ config: { signing } }) {
      return signing.alg === 'HS256'
        ? pass(
            `HS256 with ${signing.secrets.map((secret) => `${Buffer.byteLength(secret) * 8} bits`).join(', ')}`,
          )
        : worst(signing.privateKeys.map(keySize), fail('no key'));
    },
  },
  {
    id: 'V9.1.2',
    level: 1,
    must: true,
    title: 'Access tokens have one algorithm, and keys of its kind alone',
    run({ config: { signing }, environment }) {
      const other = signing.alg === 'HS256' ? 'JWT_PRIVATE_KEYS' : 'JWT_SECRET';
      return environment[other] === undefined
        ? pass(`${signing.alg}; no other is accepted`)
        : warn(`${signing.alg}; ${other} is set as well and of no use: remove it`);
    },
  },
  {
    id: 'V13.3.1',
    level: 2,
    must: false,
    productionOnly: true,
    title: 'Secrets come from files that a store of secrets provides',
    run({ environment }) {
      const given = SECRET_SETTINGS.filter((name) => environment[name] !== undefined);
      if (given.length === 0) return notApplicable('development made them');
      const bare = given.filter((name) => environment[`${name}_FILE`] === undefined);
      if (bare.length === 0) return pass(`${given.length} from files`);
      return warn(
        `in the environment, where child processes and crash reports find them: ${bare.join(', ')}`,
      );
    },
  },
  {
    id: 'V13.3.2',
    level: 2,
    must: false,
    title: 'Files with secrets are closed to other users of the machine',
    run({ secretFiles }) {
      const outcomes = secretFiles.flatMap(({ name, mode }) => {
        if (mode === undefined) return [];
        const octal = mode.toString(8).padStart(4, '0');
        if ((mode & 0o022) !== 0) return [fail(`${name} can be written by others (${octal})`)];
        return [
          (mode & 0o004) === 0
            ? pass(`${name} ${octal}`)
            : warn(`${name} can be read by everybody (${octal})`),
        ];
      });
      return worst(outcomes, notApplicable('no such files'));
    },
  },
  {
    id: 'V13.3.4',
    level: 3,
    must: false,
    title: 'No old secret is kept longer than a change takes',
    run({ config }) {
      const { signing } = config;
      const lists = {
        [signing.alg === 'HS256' ? 'JWT_SECRET' : 'JWT_PRIVATE_KEYS']:
          signing.alg === 'HS256' ? signing.secrets : signing.privateKeys,
        SECRET_KEYS: config.secretKeys,
        PASSWORD_PEPPER: config.passwordPeppers,
      };
      const long = Object.entries(lists).filter(([, values]) => values.length > 1);
      if (long.length === 0) return pass('one each');
      return warn(
        `still accepted: ${long.map(([name, values]) => `${values.length - 1} more of ${name}`).join(', ')}`,
      );
    },
  },
];
