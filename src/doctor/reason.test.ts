import { MailNotSent } from '../mail/mailer';
import { DependencyUnavailable } from '../stores/dependency-unavailable';
import { reasonOf } from './reason';

const coded = (code: string, message = 'hunter2') => Object.assign(new Error(message), { code });

describe('the reason why something was not seen', () => {
  it.each([
    [coded('ECONNREFUSED'), 'nothing listens there'],
    [coded('28P01'), 'it refuses the user or the password'],
    [coded('57P03'), '57P03'],
    [coded('DEPTH_ZERO_SELF_SIGNED_CERT'), 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    [new Error('timeout exceeded when trying to connect'), 'no answer in time'],
    [
      new DependencyUnavailable('redis', new Error('WRONGPASS invalid hunter2')),
      'it refuses the user or the password',
    ],
    [new DependencyUnavailable('redis', coded('ENOTFOUND')), 'there is no such host'],
    [new MailNotSent('EAUTH 535', false), 'it refuses the user or the password'],
    [new MailNotSent('EENVELOPE 550', false), 'EENVELOPE 550'],
  ])('is told by codes: %p', (error, reason) => {
    expect(reasonOf(error)).toBe(reason);
  });

  it.each([
    [coded('hunter2')],
    [coded('HUNTER2')],
    [coded('Connection HUNTER2')],
    [new Error('HUNTER2 said the server')],
    [new DependencyUnavailable('redis', new Error('HUNTER2 is wrong'))],
    [new DependencyUnavailable('postgresql', coded('Connection HUNTER2'))],
    ['hunter2'],
    [undefined],
  ])('repeats nothing that a server could have written: %p', (error) => {
    expect(reasonOf(error)).not.toMatch(/hunter2/i);
  });
});
