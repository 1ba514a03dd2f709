import { type Check, fail, type Outcome, pass, warn } from '../check';

const DAY = 86_400;
/** NIST SP 800-63B-4 asks for a new login every 30 days at its lowest level. */
const ADVISED = 30 * DAY;
const ABSURD = 90 * DAY;

function lifetime(setting: string, seconds: number): Outcome {
  const evidence = `${setting} is ${inWords(seconds)}`;
  if (seconds > ABSURD) return fail(`${evidence}, more than 90 days`);
  return seconds > ADVISED ? warn(`${evidence}; 30 days are advised at most`) : pass(evidence);
}

function inWords(seconds: number): string {
  if (seconds % DAY === 0) return `${seconds / DAY} ${seconds === DAY ? 'day' : 'days'}`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

export const sessionChecks: readonly Check[] = [
  {
    id: 'V7.3.1',
    level: 2,
    must: false,
    title: 'A session without use ends',
    run: ({ config }) => lifetime('REFRESH_TOKEN_TTL', config.refreshTokenTtl),
  },
  {
    id: 'V7.3.2',
    level: 2,
    must: false,
    title: 'A session ends in any case after a time',
    run: ({ config }) => lifetime('SESSION_MAX_AGE', config.sessionMaxAge),
  },
  {
    id: 'TG-4',
    level: null,
    must: false,
    title: 'Access tokens are short-lived',
    run({ config: { accessTokenTtl } }) {
      const evidence = `ACCESS_TOKEN_TTL is ${inWords(accessTokenTtl)}`;
      if (accessTokenTtl > 3_600) {
        return warn(
          `${evidence}: so long a service that verifies tokens by itself takes those of ended sessions`,
        );
      }
      return accessTokenTtl < 60 ? warn(`${evidence}: clients do little else than refresh`) : pass(evidence);
    },
  },
];
