import type { ApiStack } from './stacks/api.ts';
import type { DataStack } from './stacks/data.ts';
import type { JobsStack } from './stacks/jobs.ts';
import type { NetworkStack } from './stacks/network.ts';
import type { ObservabilityStack } from './stacks/observability.ts';
import type { ProxyStack } from './stacks/proxy.ts';
import type { StreamsStack } from './stacks/streams.ts';

/** What one stage is deployed as. */
export interface Stacks {
  /** None where others keep the stores. */
  readonly network: NetworkStack | undefined;
  readonly data: DataStack;
  readonly jobs: JobsStack;
  /** None where others keep the stores. */
  readonly proxy: ProxyStack | undefined;
  readonly api: ApiStack;
  readonly streams: StreamsStack;
  readonly observability: ObservabilityStack;
}
