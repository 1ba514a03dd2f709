import type { Verdict } from '../stores/audit/prisma-chain-verification';

/** What was found, in a few lines; the first says it all. */
export function reportOf({ fault, events, through, unsealed, unchecked, compared }: Verdict): string {
  const lines: string[] = [];
  if (fault === undefined) {
    const waiting = unsealed === 0 ? '' : `, ${unsealed} of them not sealed yet`;
    const state = unchecked.count === 0 ? 'INTACT' : 'NOT CHECKED IN FULL';
    lines.push(`${state}  ${events} events, sealed up to seq ${through}${waiting}`);
  } else {
    const { what, seq, id, why } = fault;
    const where = [seq === null ? undefined : `seq ${seq}`, id === null ? undefined : `event ${id}`];
    lines.push(`TAMPERED  ${where.filter((part) => part !== undefined).join(', ')}: ${what}: ${why}`);
  }
  if (compared) lines.push('the checkpoint was compared');
  if (unchecked.count > 0) {
    const { count, first, last } = unchecked;
    // What somebody has put into the database may hold anything.
    const keyIds = unchecked.keyIds.map((keyId) => JSON.stringify(keyId)).join(', ');
    const places = first === null ? '' : ` between seq ${first} and ${last}`;
    lines.push(
      `${count}${places} could not be checked: made with keys that SECRET_KEYS does not list (${keyIds})`,
    );
  }
  return lines.map((line) => `${line}\n`).join('');
}
