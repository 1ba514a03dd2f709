import { type AnyEndpoint, takesRefreshToken } from './endpoint';

/** The ways in, as Swagger UI's Authorize button offers them: its cursor stands at the last. */
export const SECURITY_SCHEMES = {
  metricsToken: { type: 'http', scheme: 'bearer', description: '`METRICS_TOKEN`, where it is set' },
  refreshCookie: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-refresh',
    description:
      'The refresh token, taken with `transport=cookie` alone. A 401 that says it is not valid or was reused clears it. With an http `BASE_URL` it is named `refresh`.',
  },
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The `accessToken` of a login',
  },
};

type Requirement = Partial<Record<keyof typeof SECURITY_SCHEMES, string[]>>;

/** The ways in, of which one will do; an empty one stands for none. */
export function securityOf(
  { access, refreshToken }: Pick<AnyEndpoint<never>, 'access' | 'refreshToken'>,
  { byMetricsToken = false }: { readonly byMetricsToken?: boolean },
): Requirement[] {
  const ways = [
    ...(access === 'public' ? [] : [{ bearer: [] }]),
    ...(takesRefreshToken(refreshToken) ? [{ refreshCookie: [] }] : []),
    ...(byMetricsToken ? [{ metricsToken: [] }] : []),
  ];
  const needless = access === 'public' || access === 'optional';
  return needless && ways.length > 0 ? [{}, ...ways] : ways;
}
