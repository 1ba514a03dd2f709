import { adminEndpoints } from './admin/admin.router';
import { authEndpoints } from './auth/auth.router';
import { verifyEmailEndpoints } from './auth/verify-email.router';
import { apiDocsEndpoints } from './http/api-docs.router';
import type { AnyEndpoint } from './http/endpoint';
import type { EndpointGroup } from './http/openapi';
import { metricsEndpoints, operationsEndpoints } from './http/operations.router';
import { otpEndpoints } from './otp/otp.router';
import type { Services } from './services';
import { emailChangeEndpoints } from './user/email-change.router';
import { personalDataEndpoints } from './user/personal-data.router';
import { undoEmailChangeEndpoints } from './user/undo-email-change.router';
import { userEndpoints } from './user/user.router';

export const BASE_PATH = '/api/v1';

const THROUGH_GATE = ['rate_limited', 'dependency_unavailable', 'overloaded', 'internal_error'] as const;

/** Everything below the base path, by feature. */
export const features: readonly {
  tag: string;
  description: string;
  endpoints: readonly AnyEndpoint<Services>[];
}[] = [
  { tag: 'auth', description: 'Accounts and sessions', endpoints: authEndpoints },
  { tag: 'otp', description: 'One-time passwords by mail', endpoints: otpEndpoints },
  {
    tag: 'users',
    description: 'The signed-in user',
    endpoints: [...userEndpoints, ...emailChangeEndpoints, ...personalDataEndpoints],
  },
];

/** Below the base path too, for admins at an address of the allow-list. */
export const adminFeature = {
  tag: 'admin',
  description: 'Administration: by role, from an address of the allow-list',
  endpoints: adminEndpoints,
};

/** From the root: the pages behind links in mails. */
export const linkEndpoints = [...verifyEmailEndpoints, ...undoEmailChangeEndpoints];

const SYSTEM = {
  tag: 'system',
  description: 'For operators and monitors',
  basePath: '',
  errors: ['internal_error'],
  limited: false,
} as const;

/** Every endpoint there is, as the OpenAPI document shows them. */
export const endpointGroups: readonly EndpointGroup[] = [
  ...features.map((feature) => ({ ...feature, basePath: BASE_PATH, errors: THROUGH_GATE, limited: true })),
  {
    ...adminFeature,
    basePath: BASE_PATH,
    errors: [...THROUGH_GATE, 'address_not_allowed'],
    limited: true,
  },
  {
    tag: 'links',
    description: 'Pages behind links in mails',
    basePath: '',
    endpoints: linkEndpoints,
    errors: ['rate_limited', 'dependency_unavailable', 'internal_error'],
    limited: true,
  },
  { ...SYSTEM, endpoints: operationsEndpoints },
  { ...SYSTEM, endpoints: apiDocsEndpoints },
  { ...SYSTEM, endpoints: metricsEndpoints, byMetricsToken: true },
];
