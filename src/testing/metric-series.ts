import request from 'supertest';
import type { TestApp } from './test-app';

/** Every series of the service, with its value; those of the process come and go by themselves. */
export async function series(test: TestApp): Promise<Map<string, number>> {
  const { text } = await request(test.app).get('/metrics');
  const lines = text.split('\n').filter((line) => line !== '' && !/^(#|nodejs_|process_)/.test(line));
  return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(/\S+$/.exec(line)?.[0])]));
}

/** What a piece of work added, by series; of these names alone. */
export async function movedBy(
  test: TestApp,
  names: RegExp,
  work: () => Promise<unknown>,
): Promise<Record<string, number>> {
  const before = await series(test);
  await work();
  const moved = [...(await series(test))].map(([name, value]) => [name, value - (before.get(name) ?? 0)]);
  return Object.fromEntries(moved.filter(([name, by]) => names.test(String(name)) && by !== 0));
}
