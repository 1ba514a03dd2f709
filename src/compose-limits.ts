import type { Backends } from './backends';
import type { Surroundings } from './compose';
import type { Config } from './config';
import { Limiter } from './limits/limiter';
import { OutageWatch } from './limits/outage-watch';
import { PoliciesInForce } from './limits/policies-in-force';
import { ProxyWatch } from './limits/proxy-watch';
import type { AdmissionStore } from './stores/admission/admission-store';
import { MemoryTokenBucketStore } from './stores/token-bucket/memory-token-bucket-store';
import { deriveKeys } from './tokens/keyring';

export interface Limits {
  readonly limiter: Limiter;
  /** Counts in this process alone. */
  readonly localLimiter: Limiter;
  readonly admission: AdmissionStore;
  readonly policiesInForce: PoliciesInForce;
  readonly proxyWatch: ProxyWatch;
  readonly outageWatch: OutageWatch;
}

/** Makes what charges requests, and what tells whether that works. */
export async function composeLimits(
  config: Pick<Config, 'rates' | 'secretKeys'>,
  backends: Pick<Backends, 'tokenBucketStore' | 'admissionStore' | 'limitOverrideStore'>,
  { clock, logger, metrics }: Surroundings,
): Promise<Limits> {
  const policiesInForce = new PoliciesInForce({
    settings: config.rates,
    store: backends.limitOverrideStore,
    clock,
    logger,
  });
  // Before the first request: what was changed holds after a restart too.
  await policiesInForce.refresh();
  const limits = {
    policies: policiesInForce,
    keys: deriveKeys(config.secretKeys, 'limits'),
    events: {
      onDecision: metrics.limiter.countDecision.bind(metrics.limiter),
      onLost: (err: unknown) => logger.warn({ err }, 'tokens of a limit could not be returned'),
    },
  };
  const outageWatch = new OutageWatch(backends.tokenBucketStore, {
    onOutage: (err) => {
      metrics.limiterHealth.setDegraded(true);
      logger.error({ err }, 'limits cannot be kept: what needs them is refused until their store is back');
    },
    onReturn: (outageMs) => {
      metrics.limiterHealth.setDegraded(false);
      logger.warn({ outageMs }, 'limits are kept again');
    },
  });
  const proxyWatch = new ProxyWatch({
    onChange: (suspect) => metrics.limiterHealth.setProxySuspect(suspect),
    onFirstSuspicion: (address) =>
      logger.warn(
        { address, setting: 'TRUST_PROXY' },
        'every call seems to come from a proxy that TRUST_PROXY does not name, or in a form that cannot be read: all clients share one address and its limits. See README, Operations, Behind a proxy',
      ),
  });
  return {
    limiter: new Limiter({ ...limits, store: outageWatch }),
    localLimiter: new Limiter({ ...limits, store: new MemoryTokenBucketStore({ clock }) }),
    admission: { admit: (...asked) => outageWatch.watch(backends.admissionStore.admit(...asked)) },
    policiesInForce,
    proxyWatch,
    outageWatch,
  };
}
