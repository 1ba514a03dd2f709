import { statSync } from 'node:fs';
import { SECRET_SETTINGS } from '../settings';

/** A file that holds secrets: `.env`, or that of a `NAME_FILE`. */
export interface SecretFile {
  /** What to call it: a path may say more than it should. */
  readonly name: string;
  /** Permission bits; undefined where the system has none. */
  readonly mode: number | undefined;
}

/** The files that settings are read from, as far as they can be seen. */
export function findSecretFiles(
  environment: NodeJS.ProcessEnv,
  envFile: string,
  platform: NodeJS.Platform = process.platform,
): readonly SecretFile[] {
  const candidates = [
    ['.env', envFile] as const,
    ...SECRET_SETTINGS.map((name) => [`${name}_FILE`, environment[`${name}_FILE`]] as const),
  ];
  return candidates.flatMap(([name, path]) => {
    const stat = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return [];
    return [{ name, mode: platform === 'win32' ? undefined : stat.mode & 0o777 }];
  });
}
