import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';

/** The values of `OTEL_TRACES_SAMPLER` that are known here. */
export type SamplerName = `${'' | 'parentbased_'}${'always_on' | 'always_off' | 'traceidratio'}`;

const PARENT_BASED = 'parentbased_';

/** Which traces are recorded. One based on the parent does as the caller says, and for traces that begin here as its name. */
export function samplerOf(name: SamplerName, ratio: number): Sampler {
  if (name.startsWith(PARENT_BASED)) {
    return new ParentBasedSampler({ root: samplerOf(name.slice(PARENT_BASED.length) as SamplerName, ratio) });
  }
  if (name === 'traceidratio') return new TraceIdRatioBasedSampler(ratio);
  return name === 'always_on' ? new AlwaysOnSampler() : new AlwaysOffSampler();
}
