// For operators and monitors, and paths that there are none of.
import { refusal, step } from './steps.mjs';

export const system = [
  step('live', 'whether the process serves'),
  step('ready', 'whether it should get requests', {
    tests: [`pm.test('is ready', () => pm.expect(pm.response.json().status).to.equal('ready'));`],
  }),
  step('jwks', 'the public keys'),
  step('metrics', 'the metrics', {
    tests: [
      `pm.test('count logins', () => pm.expect(pm.response.text()).to.include('login_requests_total'));`,
    ],
  }),
  step('apiDocs', 'the documentation'),
  step('openApiDocument', 'the OpenAPI document', {
    tests: [
      `pm.test('knows of itself', () => pm.expect(pm.response.json().paths).to.have.property('/api-docs/openapi.json'));`,
    ],
  }),
  refusal('live', 'a path that there is not', 404, 'not_found', { at: '/no-such-path' }),
  refusal('live', 'a slash too many', 404, 'not_found', { at: '/health/live/' }),
  refusal('live', 'another case', 404, 'not_found', { at: '/HEALTH/live' }),
];
