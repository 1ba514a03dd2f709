import { type AnyEndpoint, endpoint } from '../http/endpoint';
import { html, linkQuery } from '../http/page';
import type { Services } from '../services';
import { showUndoEmailChange, undoEmailChange } from './undo-email-change.controller';

/** The page behind the link of a notice that the e-mail is to change. */
export const undoEmailChangeEndpoints: readonly AnyEndpoint<Services>[] = [
  endpoint({
    method: 'get',
    path: '/undo-email-change',
    name: 'showUndoEmailChange',
    summary: 'Show the page behind a link that undoes a change of e-mail',
    description: 'Changes nothing. A used or expired link gets the page with status 400.',
    access: 'public',
    query: linkQuery,
    status: 200,
    response: html,
    contentType: 'text/html',
    errors: [],
    toldInForm: ['validation_failed'],
    handler: showUndoEmailChange,
  }),
  endpoint({
    method: 'post',
    path: '/undo-email-change',
    name: 'undoEmailChange',
    summary: 'Undo a change of e-mail',
    description:
      'Restores the address that the link was sent to, voids the password, ends every session and mails a reset code. Works once, for 72 hours, whether or not the change was confirmed and whatever changes came after it.',
    access: 'public',
    // Sessions must end where they live; a wait for the limit and another for them would be too long.
    needsState: true,
    query: linkQuery,
    status: 200,
    response: html,
    contentType: 'text/html',
    errors: [],
    toldInForm: ['validation_failed'],
    handler: undoEmailChange,
  }),
];
