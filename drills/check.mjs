/** Prints whether something holds, and what was found instead if that is given; what does not hold fails the drill. */
export function check(what, holds, found) {
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${what}`);
  if (holds) return;
  process.exitCode = 1;
  if (found === undefined) return;
  console.log(`       ${typeof found === 'string' ? found : JSON.stringify(found, null, 1)}`);
}
