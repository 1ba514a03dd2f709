// What a scenario expects beyond the formula and the agreement of both sides.
import { post } from '../bench/service.mjs';
import { growth, scrape } from './scrape.mjs';

const MAILS_MS = 30_000;
const DAY_SECONDS = 86_400;

/** Of all the codes asked for one recipient, as many mails go out as the budget has; nobody can tell by the answers. */
export async function expectMails({ answers, before, people, policies, service }) {
  const [{ email }] = people;
  const asked = answers.filter(({ as }) => as === 'many for one');
  const accepted = asked.filter(({ status }) => status === 202).length;
  const { capacity, refillPerSecond } = policies.find(({ name }) => name === 'mail');
  // Each request is decided on when its mail is due to go out, a moment after its answer.
  let metrics;
  let allowed;
  let blocked;
  for (
    const until = Date.now() + MAILS_MS;
    Date.now() < until;
    await new Promise((go) => setTimeout(go, 250))
  ) {
    metrics = await scrape(service);
    allowed = growth(before, metrics, 'rate_limits_allowed', 'policy').mail ?? 0;
    blocked = growth(before, metrics, 'rate_limits_blocked', 'policy').mail ?? 0;
    if (allowed + blocked >= accepted) break;
  }
  const mails = (await (await fetch(`${service.inbox}/api/messages`)).json()).filter(
    ({ to }) => to === email,
  );
  const seconds = (Date.now() - service.readyAt) / 1000;
  const most = capacity + Math.floor(refillPerSecond * seconds);
  return [
    [
      accepted === asked.length && accepted > 100,
      `all ${asked.length} requests from many addresses for one e-mail are answered 202`,
    ],
    [
      allowed + blocked === accepted,
      `metrics: each of them was decided on when its mail was due: ${allowed} sent, ${blocked} held back`,
    ],
    [
      // One went out before: that of the registration.
      mails.length === allowed + 1 && mails.length >= capacity && mails.length <= most,
      `that recipient got ${mails.length} mails (one of them for the registration), of at most ${most}`,
    ],
  ];
}

/** Strangers' compares are bounded for a day, and the owner notices nothing. */
export async function expectTriesOfStrangers({ answers, policies }) {
  const { capacity, refillPerSecond } = policies.find(({ name }) => name === 'login-account-all');
  const aDay = capacity + Math.floor(refillPerSecond * DAY_SECONDS);
  const strangers = answers.filter(({ as }) => as === 'stranger');
  const compared = strangers.filter(({ status }) => status === 401).length;
  const owner = answers.filter(({ as }) => as === 'owner');
  const meanwhile = owner.filter(
    ({ sent }) => sent > Math.min(...strangers.filter(({ status }) => status === 429).map((one) => one.sent)),
  );
  const letIn = owner.filter(({ status }) => status === 200).length;
  const slowest = Math.max(...owner.map(({ sent, received }) => received - sent));
  return [
    [
      compared <= capacity + Math.floor((refillPerSecond * elapsed(strangers)) / 1000),
      `of ${strangers.length} tries of ${new Set(strangers.map(({ address }) => address)).size} strangers ${compared} were compared`,
    ],
    [aDay < 100, `by the same formula it is ${aDay} in a day, under 100`],
    [
      letIn > 0 && letIn === owner.length && meanwhile.length > 0,
      `the owner logged in ${letIn} times of ${owner.length}, tried ${meanwhile.length} times while strangers were refused (slowest answer ${Math.round(slowest)} ms)`,
    ],
  ];
}

/** The accounts on the list belong to their owners as before. */
export async function expectOwnersIn({ people, service }) {
  const logins = await Promise.all(
    people.map(({ email, password, address }) =>
      post(service, '/auth/login', { email, password }, { 'X-Forwarded-For': address }),
    ),
  );
  const inAtOnce = logins.filter(({ status }) => status === 200).length;
  return [[inAtOnce === people.length, `afterwards ${inAtOnce} of ${people.length} owners log in at once`]];
}

function elapsed(answers) {
  return Math.max(...answers.map(({ received }) => received)) - Math.min(...answers.map(({ sent }) => sent));
}
