// npm run client [folder]: makes the types of the client from docs/openapi.json, compiles it and packs it into the folder
// (client/ unless said) as npm would publish it.
import { join, resolve } from 'node:path';
import process from 'node:process';
import { buildClient, packClient, writeClientSchema } from './client-package.mjs';
import { prepareOrExit } from './prepare.mjs';

await prepareOrExit({ build: false });
writeClientSchema();
buildClient();

const { file, size, unpackedSize, files } = packClient(
  resolve(process.argv[2] ?? join(import.meta.dirname, '..', 'client')),
);
process.stdout.write(`${file}\n  ${size} bytes packed, ${unpackedSize} unpacked, ${files.length} files\n`);
for (const { path, size: bytes } of files) process.stdout.write(`  ${String(bytes).padStart(7)}  ${path}\n`);
