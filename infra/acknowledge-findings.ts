import { type Stack, Validations } from 'aws-cdk-lib';
import type { Stacks } from './stage-stacks.ts';

interface Finding {
  readonly id: string;
  readonly reason: string;
}

/** What cdk-nag finds and stands as it is, each with its reason. A test holds all else to its rules. */
export function acknowledgeFindings({ data, jobs, api, streams }: Stacks): void {
  const functions = [noResources('X-Ray and the interfaces of a network'), ...managedPolicies];
  acknowledge(data, [
    {
      id: 'SMG4',
      reason:
        'The pepper, the key of envelopes and the operator’s key are no logins that AWS can rotate, and with another pepper no API key would open anything. ' +
        'A process reads the login of its role once, at init: rotated, it would cut off those that live on. The master’s login is RDS’s own, rotated each week',
    },
    {
      id: 'S1',
      reason:
        'Only the consumers and the replay job may touch the bucket of dead letters, whose objects end by themselves; a log of accesses would outgrow them',
    },
    {
      id: 'RDS10',
      reason: 'A stage whose data is not protected can be taken down whole; a test holds that prod is protected',
    },
    ...managedPolicies,
  ]);
  acknowledge(jobs, functions);
  acknowledge(api, [
    {
      id: 'APIG4',
      reason:
        'API keys are checked by the functions, in memory: an authorizer would be a second function before each read. /health, /docs and /openapi.json are open on purpose',
    },
    ...functions,
  ]);
  acknowledge(streams, [
    {
      // By the name under which the data stack exports the bucket's ARN.
      id: `IAM5[Resource::${data.stackName}:ExportsOutputFnGetAttDeadLettersBBF8BAABArnBAC4D3BD/*]`,
      reason: 'Each dead letter is an object of its own',
    },
    ...functions,
  ]);
}

const managedPolicies: readonly Finding[] = [
  {
    id: 'IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole]',
    reason: 'Lets RDS write its own metrics; AWS demands this very policy',
  },
  {
    id: 'IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited]',
    reason: 'AWS’s own, kept to what a deployment of Lambda needs: invoke hooks, move aliases, read alarms',
  },
];

function noResources(what: string): Finding {
  return { id: 'IAM5[Resource::*]', reason: `${what} know no resources. A test lists each action that has none` };
}

function acknowledge(stack: Stack, findings: readonly Finding[]): void {
  for (const { id, reason } of findings) {
    Validations.of(stack).acknowledge({ id: `AwsSolutions::AwsSolutions-${id}`, reason });
  }
}
