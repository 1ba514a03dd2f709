import type { Config } from '../config';
import type { DatabaseFacts } from '../stores/postgres/database-facts';
import type { MigrationState } from '../stores/postgres/migration-state';
import type { RedisFacts } from '../stores/redis/redis-facts';
import type { InstanceFacts } from './instance/instance-facts';
import type { SecretFile } from './secret-files';

/** What was looked at, or why it could not be. */
export type Seen<T> =
  | { readonly seen: true; readonly value: T }
  | { readonly seen: false; readonly reason: string };

export const seen = <T>(value: T): Seen<T> => ({ seen: true, value });
export const unseen = (reason: string): Seen<never> => ({ seen: false, reason });

/** Everything that checks judge: gathered first, so that a check asks nobody. */
export interface Facts {
  readonly config: Config;
  /** Judge as for production: it is, or `--production` was given. */
  readonly production: boolean;
  /** The settings as they were given, secrets from files read. */
  readonly environment: NodeJS.ProcessEnv;
  /** Settings that were not given, and stand for something embedded or made for development. */
  readonly filled: ReadonlySet<string>;
  readonly secretFiles: readonly SecretFile[];
  /** Milliseconds that one hash took here, alone. */
  readonly hashMs: number;
  readonly database: Seen<DatabaseFacts>;
  readonly storedHashes: Seen<StoredHashes>;
  readonly migrations: Seen<MigrationState>;
  readonly redis: Seen<readonly RedisFacts[]>;
  readonly smtp: Seen<{ readonly encrypted: boolean }>;
  readonly instance: Seen<InstanceFacts>;
  /** `--url` named the instance, so it must answer. */
  readonly instanceAskedFor: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What the configured hasher makes of the stored hashes: numbers of accounts. */
export interface StoredHashes {
  readonly all: number;
  /** Of another cost or pepper than today's: renewed at the next login. */
  readonly older: number;
  /** Under a pepper that is not listed, or of another format: nobody can log in by them. */
  readonly unusable: number;
}
