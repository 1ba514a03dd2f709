// Three of the mixed days of artillery-tests/, one after the other: a quiet one, one under attack, one on which Redis stops.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runArtillery } from '../../artillery-tests/artillery.mjs';
import { ADMIN, signUpPeople } from '../../artillery-tests/people.mjs';

const PEOPLE = 10;
const ATTACKS = ['stuffing-many-accounts', 'stuffing-one-account', 'otp-flood'];
/** Until the day has begun: Artillery takes some seconds to start. */
const BEFORE_ATTACK_MS = 15_000;
const BEFORE_OUTAGE_MS = 25_000;
/** Longer than the time from one look at the dependencies to the next, and too short for an alert. */
const OUTAGE_MS = 20_000;

/**
 * Lives them. Resolves to what happened beside: `{what, kind, from, to}`, in Unix seconds. `sent` counts what Artillery
 * sent. Without a Redis of our own there is no outage.
 */
export async function liveDays({ service, redis, node, dir }) {
  const people = await signUpPeople(service, { people: PEOPLE, atHome: true });
  const events = [];
  let [runs, sent] = [0, 0];
  const during = async (kind, what, happens) => {
    const from = Date.now() / 1000;
    await happens();
    events.push({ kind, what, from, to: Date.now() / 1000 });
  };
  const drive = async (scenario, known) => {
    const run = `run${runs++}-`;
    const file = (name) => join(dir, run + name);
    writeFileSync(file('people.json'), JSON.stringify(known));
    writeFileSync(file('answers'), '');
    const { counters } = await runArtillery(node, {
      scenario: join('scenarios', `${scenario}.yml`),
      target: service.baseUrl.replace('localhost', '127.0.0.1'),
      report: file('report.json'),
      env: { RUN: run, ANSWERS: file('answers'), PEOPLE: file('people.json'), INBOX: service.inbox },
    });
    sent += counters['http.requests'];
  };

  await drive('mixed-day', [ADMIN]);
  await Promise.all([
    drive('mixed-day', [ADMIN]),
    after(BEFORE_ATTACK_MS, () =>
      during('attack', 'guessing and flooding', async () => {
        for (const attack of ATTACKS) await drive(attack, people);
      }),
    ),
  ]);
  await Promise.all([
    drive('mixed-day', [ADMIN]),
    redis.pause &&
      after(BEFORE_OUTAGE_MS, () => during('outage', 'Redis stopped', () => redis.pause(OUTAGE_MS))),
  ]);
  return { events, sent };
}

async function after(milliseconds, act) {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  return act();
}
