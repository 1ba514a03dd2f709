import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A Lua script: its name, its text, and the SHA-1 that Redis knows it by. */
export interface RedisScript {
  readonly name: string;
  readonly source: string;
  readonly sha: string;
}

const prelude = readFileSync(join(__dirname, 'prelude.lua'), 'utf8');

/** Reads `names` (without `.lua`) from `folder` and joins them, after the prelude, into one script. */
export function loadScript(folder: string, ...names: readonly string[]): RedisScript {
  const parts = names.map((name) => readFileSync(join(folder, `${name}.lua`), 'utf8'));
  const source = [prelude, ...parts].join('\n');
  return { name: names.at(-1) ?? '', source, sha: createHash('sha1').update(source).digest('hex') };
}
