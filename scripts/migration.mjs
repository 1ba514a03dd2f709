// npm run migration -- <name>     writes a migration that leads from those there are to prisma/schema.prisma
// npm run migration -- --check    exits with 1 if such a migration is missing
// --schema <file> takes another schema.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import './typescript.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const { schemaDifference } = require('../src/dev/schema-difference.ts');
const { startScratchPostgres } = require('../src/testing/scratch-postgres.ts');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    check: { type: 'boolean' },
    schema: { type: 'string', default: join(root, 'prisma', 'schema.prisma') },
  },
});
const [name] = positionals;
if (!values.check && !/^[a-z0-9_]+$/.test(name ?? '')) {
  process.stderr.write('usage: npm run migration -- --check | <name in lower case with underscores>\n');
  process.exit(2);
}

const migrations = join(root, 'prisma', 'migrations');
const difference = await findDifference();
if (difference === '') {
  process.stdout.write('The migrations agree with the schema.\n');
} else if (values.check) {
  process.stderr.write(`The migrations lack what the schema says:\n\n${difference}\n`);
  process.exitCode = 1;
} else {
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const folder = join(migrations, `${stamp}_${name}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'migration.sql'), difference);
  process.stdout.write(`Wrote ${join(folder, 'migration.sql')}: read it before you commit it.\n`);
}

async function findDifference() {
  const schema = readFileSync(values.schema, 'utf8');
  if (process.env.TEST_DATABASE_URL)
    return schemaDifference(process.env.TEST_DATABASE_URL, schema, migrations);
  const postgres = await startScratchPostgres();
  try {
    return await schemaDifference(postgres.url, schema, migrations);
  } finally {
    await postgres.stop();
  }
}
