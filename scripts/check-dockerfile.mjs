// Checks what can be checked of the Dockerfile where nothing can build it.
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';

const root = new URL('..', import.meta.url);
const faults = [];
const want = (holds, fault) => holds || faults.push(fault);
const stages = stagesOf(readFileSync(new URL('Dockerfile', root), 'utf8'));
const names = new Set();
const ignored = readFileSync(new URL('.dockerignore', root), 'utf8').split('\n');

for (const { from, name, instructions } of stages) {
  want(
    names.has(from) || /:\d+\.\d+\.\d+-/.test(from),
    `FROM ${from}: neither a stage before it nor pinned to a version`,
  );
  for (const { keyword, value } of instructions) {
    if (keyword === 'COPY') checkCopy(value);
    want(keyword !== 'ADD', 'ADD: use COPY, which fetches and unpacks nothing');
    want(
      !['ENV', 'ARG'].includes(keyword) || !/(SECRET|PASSWORD|PEPPER|TOKEN)\w*=/.test(value),
      `${keyword}: a secret has no place in an image`,
    );
    want(
      !['CMD', 'ENTRYPOINT'].includes(keyword) || isExecForm(value),
      `${keyword}: a shell would swallow SIGTERM`,
    );
    want(
      keyword !== 'HEALTHCHECK' || isExecForm(value.split(/\bCMD\s+/)[1] ?? ''),
      'HEALTHCHECK: not in exec form',
    );
  }
  names.add(name);
}

const last = stages.at(-1)?.instructions ?? [];
const users = last.filter(({ keyword }) => keyword === 'USER').map(({ value }) => value);
want(users.length > 0 && !/^(root|0)\b/.test(users.at(-1) ?? 'root'), 'the service runs as root');
for (const keyword of ['HEALTHCHECK', 'CMD', 'EXPOSE']) {
  want(
    last.filter((instruction) => instruction.keyword === keyword).length === 1,
    `the last stage has not one ${keyword}`,
  );
}
for (const fault of faults) process.stderr.write(`Dockerfile: ${fault}\n`);
if (faults.length > 0) process.exit(1);
process.stdout.write(`Dockerfile: ${stages.length} stages, no faults\n`);

/** Stages with their instructions, continued lines joined, comments left out. */
function stagesOf(text) {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replace(/\\\n\s*/g, ' ')
    .split('\n');
  const found = [];
  for (const line of lines) {
    const [, keyword, value] = /^([A-Z]+)\s+(.+)$/.exec(line) ?? [];
    if (keyword === undefined) {
      faults.push(`not an instruction: ${line}`);
    } else if (keyword === 'FROM') {
      const [, from, name] = /^(\S+)(?:\s+AS\s+(\S+))?$/.exec(value) ?? [];
      found.push({ from, name, instructions: [] });
    } else {
      want(found.length > 0, `${keyword} before the first FROM`);
      found.at(-1)?.instructions.push({ keyword, value });
    }
  }
  return found;
}

function checkCopy(value) {
  const stage = /--from=(\S+)/.exec(value)?.[1];
  if (stage !== undefined) {
    want(names.has(stage), `COPY --from=${stage}: no such stage before it`);
    return;
  }
  const sources = value
    .split(/\s+/)
    .filter((part) => !part.startsWith('--'))
    .slice(0, -1);
  for (const source of sources) {
    want(existsSync(new URL(source, root)), `COPY ${source}: not there`);
    want(ignored.includes(`!${source.replace(/^\.\//, '')}`), `COPY ${source}: .dockerignore keeps it out`);
  }
}

function isExecForm(value) {
  try {
    return Array.isArray(JSON.parse(value));
  } catch {
    return false;
  }
}
