/** Jest loads setup and teardown apart from each other; they share the process. */
const KEY = Symbol.for('tollgate.test.teardown');

type Step = () => Promise<void>;
type Shared = { [KEY]?: Step[] };

/** Has a step run after all tests, the newest first. */
export function keepForTeardown(step: Step): void {
  const shared = globalThis as Shared;
  shared[KEY] ??= [];
  shared[KEY].push(step);
}

export default async function globalTeardown(): Promise<void> {
  for (const step of ((globalThis as Shared)[KEY] ?? []).splice(0).reverse()) await step();
}
