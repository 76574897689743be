import { type App, Tags } from 'aws-cdk-lib';
import type { Bundles } from './bundle-functions.ts';
import { namePrefix, type Settings } from './settings.ts';
import { ApiStack } from './stacks/api.ts';
import { DataStack } from './stacks/data.ts';
import { JobsStack } from './stacks/jobs.ts';
import { NetworkStack } from './stacks/network.ts';
import { StreamsStack } from './stacks/streams.ts';

export interface Stacks {
  readonly network: NetworkStack;
  readonly data: DataStack;
  readonly jobs: JobsStack;
  readonly api: ApiStack;
  readonly streams: StreamsStack;
}

/** The whole deployment of one stage, in the order in which it is deployed: the migrations pass before the API changes. */
export function createStacks(app: App, settings: Settings, bundles: Bundles): Stacks {
  const { account, region, protectsData } = settings;
  const env = { ...(account === undefined ? {} : { account }), ...(region === undefined ? {} : { region }) };
  const prefix = namePrefix(settings);
  const storesProps = { env, settings, terminationProtection: protectsData };

  const network = new NetworkStack(app, `${prefix}-network`, storesProps);
  const data = new DataStack(app, `${prefix}-data`, { ...storesProps, network });
  const jobs = new JobsStack(app, `${prefix}-jobs`, { env, settings, network, data, bundles });
  const api = new ApiStack(app, `${prefix}-api`, { env, settings, network, data, bundles });
  api.addStackDependency(jobs, 'the schema that the functions expect');
  const streams = new StreamsStack(app, `${prefix}-streams`, { env, settings, network, data, bundles });
  streams.addStackDependency(jobs, 'the schema that the functions expect');

  Tags.of(app).add('service', 'feature-store');
  Tags.of(app).add('stage', settings.stage);
  return { network, data, jobs, api, streams };
}
