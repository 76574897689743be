import { type App, Tags } from 'aws-cdk-lib';
import { acknowledgeFindings } from './acknowledge-findings.ts';
import type { Bundles } from './bundling/bundle-functions.ts';
import { namePrefix, type Settings } from './settings.ts';
import { ApiStack } from './stacks/api.ts';
import { DataStack } from './stacks/data.ts';
import { JobsStack } from './stacks/jobs.ts';
import { NetworkStack } from './stacks/network.ts';
import { ObservabilityStack } from './stacks/observability.ts';
import { ProxyStack } from './stacks/proxy.ts';
import { StreamsStack } from './stacks/streams.ts';
import type { Stacks } from './stage-stacks.ts';

/** The whole deployment of one stage, in the order in which it is deployed: the migrations pass before the API changes. */
export function createStacks(app: App, settings: Settings, bundles: Bundles): Stacks {
  const { account, region, protectsData, stores } = settings;
  const env = { ...(account === undefined ? {} : { account }), ...(region === undefined ? {} : { region }) };
  const prefix = namePrefix(settings);
  const storesProps = { env, settings, terminationProtection: protectsData };

  const network = stores.profile === 'managed' ? new NetworkStack(app, `${prefix}-network`, storesProps) : undefined;
  const data = new DataStack(app, `${prefix}-data`, { ...storesProps, network });
  const functionsProps = { env, settings, network, data, bundles };
  const jobs = new JobsStack(app, `${prefix}-jobs`, functionsProps);
  const { cluster } = data.stores;
  const proxy =
    network === undefined || cluster === undefined
      ? undefined
      : new ProxyStack(app, `${prefix}-proxy`, { env, settings, network, data, cluster });
  proxy?.addStackDependency(jobs, 'the roles that it logs in as');
  // Who keeps a Postgres elsewhere may offer a pooler, whose address is set as any other.
  const pooledProps = { ...functionsProps, pooledPostgresUrl: proxy?.postgresUrl ?? data.stores.postgresUrl };
  const api = new ApiStack(app, `${prefix}-api`, pooledProps);
  api.addStackDependency(jobs, 'the schema that the functions expect');
  const streams = new StreamsStack(app, `${prefix}-streams`, pooledProps);
  streams.addStackDependency(jobs, 'the schema that the functions expect');
  const observability = new ObservabilityStack(app, `${prefix}-observability`, { env, settings, data, jobs, api });

  const tags = { ...settings.tags, service: 'feature-store', stage: settings.stage };
  // A target of scaling costs nothing: its tags would tell nobody anything.
  const excludeResourceTypes = ['AWS::ApplicationAutoScaling::ScalableTarget'];
  for (const [key, value] of Object.entries(tags)) Tags.of(app).add(key, value, { excludeResourceTypes });
  const stacks = { network, data, jobs, proxy, api, streams, observability };
  acknowledgeFindings(stacks);
  return stacks;
}
