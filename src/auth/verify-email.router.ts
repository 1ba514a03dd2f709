import { type AnyEndpoint, endpoint } from '../http/endpoint';
import { html, linkQuery } from '../http/page';
import type { Services } from '../services';
import { showVerifyEmail, verifyEmailByLink } from './verify-email.controller';

/** The page behind the link of a verification mail. */
export const verifyEmailEndpoints: readonly AnyEndpoint<Services>[] = [
  endpoint({
    method: 'get',
    path: '/verify-email',
    name: 'showVerifyEmail',
    summary: 'Show the page behind a verification link',
    description: 'Consumes nothing. A used or expired link gets the page with status 400.',
    access: 'public',
    query: linkQuery,
    status: 200,
    response: html,
    contentType: 'text/html',
    errors: [],
    toldInForm: ['validation_failed'],
    handler: showVerifyEmail,
  }),
  endpoint({
    method: 'post',
    path: '/verify-email',
    name: 'verifyEmailByLink',
    summary: 'Confirm the address that a verification link was sent to',
    access: 'public',
    query: linkQuery,
    status: 200,
    response: html,
    contentType: 'text/html',
    errors: [],
    toldInForm: ['validation_failed'],
    handler: verifyEmailByLink,
  }),
];
