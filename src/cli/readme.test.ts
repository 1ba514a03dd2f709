import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS } from './commands/all';
import { parseCommand } from './parse-command';

const README = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8');
const calls = [...README.matchAll(/^npm run -s admin -- (.+)$/gm)].map(([, call]) => String(call));

it.each(calls)('understands what the README gives: %s', (call) => {
  const args = [...call.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? String(plain));
  expect(() => parseCommand(COMMANDS, args)).not.toThrow();
});

it('is shown in the README by every command but one that needs an id', () => {
  const shown = (name: string) => calls.some((call) => call === name || call.startsWith(`${name} `));
  expect(COMMANDS.filter(({ name }) => !shown(name)).map(({ name }) => name)).toEqual(['allowlist remove']);
});
