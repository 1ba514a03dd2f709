import type { Config } from '../config';
import { parseSmtpUrl } from '../mail/smtp-url';
import { parseRedisUrl } from '../stores/redis/parse-redis-url';
import { type Distance, farthest } from './hosts';

/** How the settings say that a dependency is reached. Holds its credentials: not for showing. */
export interface Dependency {
  readonly name: 'PostgreSQL' | 'Redis' | 'SMTP';
  readonly setting: 'DATABASE_URL' | 'REDIS_URL' | 'SMTP_URL';
  readonly distance: Distance;
  /** `opportunistic`: where the server offers it, which whoever sits between can hide. */
  readonly tls: 'always' | 'opportunistic' | 'never';
  /** False where the settings turn the verifying of certificates off. */
  readonly verified: boolean;
  readonly user: string;
  readonly password: string;
  /** We show a certificate of our own instead of a password. */
  readonly clientCertificate: boolean;
}

/** The dependencies that are configured, Redis where there is one. */
export function dependenciesOf(config: Config): readonly Dependency[] {
  return [
    postgres(config.databaseUrl),
    ...(config.redisUrl === undefined ? [] : [redis(config.redisUrl)]),
    smtp(config.smtpUrl),
  ];
}

/** What `pg` makes of the parameters of its URL. */
function postgres(value: string): Dependency {
  const url = new URL(value);
  const parameter = (name: string) => url.searchParams.get(name) ?? '';
  const mode = parameter('sslmode');
  const certificates = ['sslcert', 'sslkey', 'sslrootcert'].some((name) => parameter(name) !== '');
  const encrypted =
    mode === ''
      ? ['1', 'true', 'no-verify'].includes(parameter('ssl')) ||
        certificates ||
        parameter('sslnegotiation') === 'direct'
      : mode !== 'disable';
  // libpq's own meaning of these two verifies nothing; pg's, without this switch, does.
  const asLibpq = parameter('uselibpqcompat') === 'true';
  const unverified =
    mode === 'no-verify' ||
    parameter('ssl') === 'no-verify' ||
    (asLibpq && (mode === 'prefer' || (mode === 'require' && parameter('sslrootcert') === '')));
  return {
    name: 'PostgreSQL',
    setting: 'DATABASE_URL',
    distance: farthest([parameter('host') || decodeURIComponent(url.hostname)]),
    tls: encrypted ? 'always' : 'never',
    verified: !unverified,
    user: parameter('user') || decodeURIComponent(url.username),
    password: parameter('password') || decodeURIComponent(url.password),
    clientCertificate: parameter('sslcert') !== '',
  };
}

function redis(value: string): Dependency {
  const target = parseRedisUrl(value);
  const nodes =
    target.kind === 'standalone'
      ? [target.node]
      : target.kind === 'cluster'
        ? target.nodes
        : target.sentinels;
  return {
    name: 'Redis',
    setting: 'REDIS_URL',
    distance: farthest(nodes.map(({ host }) => host)),
    tls: target.kind !== 'sentinel' && target.tls ? 'always' : 'never',
    verified: true,
    user: target.credentials.username ?? '',
    password: target.credentials.password ?? '',
    clientCertificate: false,
  };
}

function smtp(value: string): Dependency {
  const { host, secure, requireTLS, auth } = parseSmtpUrl(value);
  return {
    name: 'SMTP',
    setting: 'SMTP_URL',
    distance: farthest([host]),
    tls: secure || requireTLS ? 'always' : 'opportunistic',
    verified: true,
    user: auth?.user ?? '',
    password: auth?.pass ?? '',
    clientCertificate: false,
  };
}
