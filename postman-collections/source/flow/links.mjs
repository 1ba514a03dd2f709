// Pages behind links in mails.
import { newAddress, takeMail } from '../scripts.mjs';
import { isOut, logIn, makeRoom, PASSWORD, register, step } from './steps.mjs';

const query = { token: '{{linkToken}}' };
const used = { query, expect: { status: 400, page: true } };

export const links = [
  makeRoom('links'),
  register('lea'),
  step('showVerifyEmail', 'open the link that verifies', { before: takeMail('leaEmail', 'link'), query }),
  step('verifyEmailByLink', 'press its button', { query }),
  step('showVerifyEmail', 'open the used link again', used),
  step('verifyEmailByLink', 'press the button of a used link', used),
  logIn('lea'),
  step('requestEmailChange', 'ask for another address', {
    as: 'leaToken',
    before: newAddress('leaNewEmail', 'lea.new'),
    body: { newEmail: '{{leaNewEmail}}', password: PASSWORD },
  }),
  step('showUndoEmailChange', 'open the link that undoes it', {
    before: takeMail('leaEmail', 'link'),
    query,
  }),
  step('undoEmailChange', 'press its button', { query }),
  step('showUndoEmailChange', 'open the undone link again', used),
  step('undoEmailChange', 'press the button of an undone link', used),
  isOut('leaToken', 'undoing ends every session'),
];
