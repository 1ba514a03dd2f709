// The Postman collection against the running service: every request, twice in a row on one database.
//
//   npm run newman
//
// Installs Newman at first. Starts the service as a developer does, with a database of its own, and ends with code 1 if an
// assertion fails or a request is left out.
import { startService } from '../bench/service.mjs';
import { countRequests, installNewman, runCollection } from './newman.mjs';

const ADMIN = { email: 'root@example.com', password: 'copper-harbour-93' };
const RUNS = 2;
const SHOWN_FAILURES = 20;

const version = installNewman();
const requests = countRequests();
console.log(`       Newman ${version} under Node ${process.version}; ${requests} requests in the collection`);
const service = await startService({
  BCRYPT_COST: '4',
  ADMIN_EMAIL: ADMIN.email,
  ADMIN_PASSWORD: ADMIN.password,
});
let failed = 0;
try {
  for (let run = 1; run <= RUNS; run++) failed += await report(run);
} finally {
  await service.stop();
}
console.log(failed === 0 ? '       all as it should be' : `FAILED ${failed} checks`);
process.exitCode = failed === 0 ? 0 : 1;

/** Runs it once and says how that went. Returns how much was wrong. */
async function report(run) {
  const { assertions, failures, milliseconds, answers } = await runCollection({
    baseUrl: service.baseUrl,
    inboxUrl: service.inbox,
    adminEmail: ADMIN.email,
    adminPassword: ADMIN.password,
  });
  const leftOut = requests - answers.length;
  for (const { source, error } of failures.slice(0, SHOWN_FAILURES)) {
    const answer = answers.findLast(({ name }) => name === source?.name);
    console.log(`FAILED ${source?.name ?? 'the run'}: ${error.test ?? ''} ${error.message}`);
    if (answer !== undefined) console.log(`         answered ${answer.status} ${answer.text?.slice(0, 300)}`);
  }
  if (leftOut !== 0) console.log(`FAILED ${leftOut} requests were left out or have no test`);
  const seconds = (milliseconds / 1000).toFixed(1);
  console.log(
    `       run ${run}: ${answers.length} requests, ${assertions} assertions, ${failures.length} failed, in ${seconds} s`,
  );
  return failures.length + (leftOut === 0 ? 0 : 1);
}
