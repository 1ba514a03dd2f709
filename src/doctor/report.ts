import type { Verdict } from './check';
import { TOPICS } from './checks/all';
import type { Result } from './run-checks';

const VERDICTS: readonly Verdict[] = ['pass', 'warn', 'fail', 'not applicable', 'not checked'];

/** Whether any requirement that is a must has failed. */
export const mustFailed = (results: readonly Result[]): boolean =>
  results.some(({ must, verdict }) => must && verdict === 'fail');

function countsOf(results: readonly Result[]): Readonly<Record<Verdict, number>> {
  return Object.fromEntries(
    VERDICTS.map((verdict) => [verdict, results.filter((result) => result.verdict === verdict).length]),
  ) as Record<Verdict, number>;
}

/** An aligned table, and a last line with the counts. ● marks a must. */
export function asTable(results: readonly Result[]): string {
  const rows = results.map(({ id, must, verdict, title, evidence }) => [
    `${id}${must ? ' ●' : ''}`,
    verdict,
    title,
    evidence,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const counts = countsOf(results);
  const musts = results.filter(({ must, verdict }) => must && verdict === 'fail').length;
  const summary = VERDICTS.map((verdict) => `${counts[verdict]} ${verdict}`).join(', ');
  return `${lines.join('\n')}\n\n${results.length} checks: ${summary}. Of the musts (●) ${musts} failed.\n`;
}

/** The same for machines. */
export function asJson(results: readonly Result[], production: boolean): string {
  const report = { production, ok: !mustFailed(results), counts: countsOf(results), results };
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** The text of `docs/asvs.md`. */
export function asPage(): string {
  const tables = TOPICS.map(({ topic, checks }) => {
    const rows = checks.map(
      ({ id, level, must, productionOnly, title }) =>
        `| ${id} | ${level ?? '–'} | ${must ? (productionOnly === true ? 'in production' : 'yes') : ''} | ${title} |`,
    );
    return `## ${topic}\n\n| id | level | must | what is looked for |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
  });
  return `${HEAD}\n${tables.join('\n')}`;
}

const HEAD = `# What the doctor looks for

\`npm run doctor\` checks a configuration and a running instance against these requirements of the [OWASP Application
Security Verification Standard 5.0.0](https://owasp.org/www-project-application-security-verification-standard/). \`V…\` is
the requirement's id there, _level_ the lowest that asks for it. The words are ours and say what is looked for, which is
often a part of the requirement: a pass is evidence, not a certificate. \`TG-…\` are requirements of Tollgate's own, of how
it is operated, for which the standard has none.

A failed _must_ ends the doctor with code 1. What is a must in production alone is a warning in development, unless
\`--production\` asks to judge as if for production. Verdicts are pass, warn, fail, not applicable (there is no such thing
here) and not checked (it could not be seen: no running instance, say).

This page is printed by \`npm run doctor -- --list\`; a test holds the two equal.
`;
