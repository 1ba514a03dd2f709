import {
  type Check,
  fail,
  judge,
  notApplicable,
  notChecked,
  type Outcome,
  pass,
  warn,
  worst,
} from '../check';
import { distanceOf } from '../hosts';
import type { HttpAnswer } from '../instance/http-call';

function allowed(origin: string): Outcome {
  const { protocol, hostname } = new URL(origin);
  if (hostname.includes('*')) return fail(`${origin} is taken literally, and matches nobody`);
  if (distanceOf(hostname) === 'this machine') return fail(`${origin} is a page on anybody's own machine`);
  return protocol === 'https:'
    ? pass(origin)
    : fail(`${origin} is http: whoever sits between writes its scripts`);
}

/** Answers that a page of a foreign origin may not read. */
function closed(name: string, answer: HttpAnswer | undefined): Outcome {
  if (answer === undefined) return notChecked(`${name}: no answer`);
  const origin = answer.headers['access-control-allow-origin'];
  return origin === undefined ? pass(`${name}: no`) : fail(`${name}: Access-Control-Allow-Origin is sent`);
}

export const originChecks: readonly Check[] = [
  {
    id: 'V3.4.2',
    level: 1,
    must: true,
    productionOnly: true,
    title: 'Pages of trusted https origins alone may call (CORS_ORIGINS)',
    run({ config: { corsOrigins } }) {
      return worst(corsOrigins.map(allowed), pass('none but the API’s own'));
    },
  },
  {
    id: 'V3.4.2',
    level: 1,
    must: true,
    title: 'A foreign origin is told nothing, and not reflected',
    run({ instance }) {
      return judge(instance, ({ answers }) =>
        worst(
          [
            closed('a foreign origin', answers.foreignOrigin),
            closed('its preflight', answers.foreignPreflight),
            closed('null', answers.nullOrigin),
          ],
          notApplicable('nothing asked'),
        ),
      );
    },
  },
  {
    id: 'V3.5.2',
    level: 1,
    must: true,
    title: 'A call that needs no preflight is refused',
    run({ instance }) {
      return judge(instance, ({ answers: { plainTextLogin } }) => {
        if (plainTextLogin === undefined) return notChecked('no answer');
        return plainTextLogin.status === 415
          ? pass('a login sent as text/plain: 415')
          : fail(`a login sent as text/plain: ${plainTextLogin.status}`);
      });
    },
  },
  {
    id: 'V3.5.8',
    level: 3,
    must: false,
    title: 'Answers cannot be embedded by other sites',
    run({ instance }) {
      return judge(instance, ({ answers: { anonymous } }) => {
        if (anonymous === undefined) return notChecked('no answer');
        const policy = anonymous.headers['cross-origin-resource-policy'];
        return policy === 'same-origin' || policy === 'same-site'
          ? pass(`Cross-Origin-Resource-Policy: ${policy}`)
          : warn('no Cross-Origin-Resource-Policy that says so');
      });
    },
  },
];
