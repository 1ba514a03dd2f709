import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { MigrationList } from '@prisma/schema-engine-wasm';

/** The project's own migrations, found from the sources and from the build alike. */
export function defaultMigrationsDir(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'prisma', 'migrations'))) {
    if (dirname(folder) === folder) throw new Error('there is no folder prisma/migrations above the program');
    folder = dirname(folder);
  }
  return join(folder, 'prisma', 'migrations');
}

/** Reads the migrations of a folder, oldest first. */
export function readMigrations(dir: string): MigrationList {
  const names = readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  const lock = 'migration_lock.toml';
  return {
    baseDir: dir,
    lockfile: { path: lock, content: readFileSync(join(dir, lock), 'utf8') },
    shadowDbInitScript: '',
    migrationDirectories: names.map((path) => ({
      path,
      migrationFile: {
        path: 'migration.sql',
        content: { tag: 'ok', value: readFileSync(join(dir, path, 'migration.sql'), 'utf8') },
      },
    })),
  };
}
