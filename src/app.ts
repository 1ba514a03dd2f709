import express, { type Express } from 'express';
import { adminFeature, BASE_PATH, endpointGroups, features, linkEndpoints } from './api';
import type { Config } from './config';
import type { Health } from './health';
import {
  behindGlobalLimit,
  byMetricsToken,
  openToAll,
  throughAdminGate,
  throughGate,
} from './http/admission';
import { apiDocsOf, mountDocsFiles } from './http/api-docs';
import { apiDocsEndpoints } from './http/api-docs.router';
import { noteArrivals } from './http/arrival';
import { corsFor } from './http/cors';
import { errorHandler, limitMisses, notFound } from './http/error-handler';
import { observeRequests } from './http/http-metrics';
import { mount } from './http/mount';
import { openApiDocument } from './http/openapi';
import { metricsEndpoints, operationsEndpoints } from './http/operations.router';
import { RefreshTransport } from './http/refresh-transport';
import { requestContext } from './http/request-context';
import { noStore, securityHeaders } from './http/security-headers';
import { traceRequests } from './http/trace-requests';
import type { Limiter } from './limits/limiter';
import type { ProxyWatch } from './limits/proxy-watch';
import type { Logger } from './observability/logger';
import type { Tracing } from './observability/tracing';
import type { Services } from './services';
import type { AdmissionStore } from './stores/admission/admission-store';
import { VERSION } from './version';

/** What the app itself uses beside what its controllers do. */
export interface AppServices extends Services {
  readonly health: Health;
  readonly admission: AdmissionStore;
  /** Counts in this process alone. */
  readonly localLimiter: Limiter;
  readonly proxyWatch: ProxyWatch;
}

export interface AppDeps {
  readonly config: Pick<Config, 'baseUrl' | 'trustProxy' | 'corsOrigins' | 'metricsToken'>;
  readonly services: AppServices;
  readonly logger: Logger;
  /** Where it is on. */
  readonly tracing?: Tracing | undefined;
}

/** The whole HTTP surface over services that are already there. Opens nothing. */
export function createApp({ config, services: capabilities, logger, tracing }: AppDeps): Express {
  const services = { ...capabilities, refreshTransport: new RefreshTransport(config) };
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', config.trustProxy);
  // One spelling for each path; Express would take /API/v1/Auth/Login/ for /api/v1/auth/login.
  app.enable('case sensitive routing');
  app.enable('strict routing');

  app.use(requestContext());
  app.use(observeRequests(services.metrics, logger));
  if (tracing !== undefined) app.use(traceRequests(tracing));
  app.use(securityHeaders());
  app.use(BASE_PATH, noteArrivals(services.proxyWatch), noStore(), corsFor(config.corsOrigins));

  for (const { endpoints } of features) mount(app, BASE_PATH, endpoints, services, throughGate(services));
  mount(app, BASE_PATH, adminFeature.endpoints, services, throughAdminGate(services));
  mount(app, '', linkEndpoints, services, behindGlobalLimit(services.localLimiter));
  mount(app, '', operationsEndpoints, services, openToAll);
  mount(app, '', metricsEndpoints, services, byMetricsToken(config.metricsToken));
  const apiDocs = apiDocsOf(openApiDocument(endpointGroups, VERSION));
  mount(app, '', apiDocsEndpoints, { ...services, apiDocs }, openToAll);
  mountDocsFiles(app, apiDocs);

  app.use(notFound());
  app.use(limitMisses(services.localLimiter, services.audit));
  app.use(errorHandler(logger));
  return app;
}
