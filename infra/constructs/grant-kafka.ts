import { Fn } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';

export interface ReadTopic {
  readonly topic: string;
  /** The consumer group by which it is read. */
  readonly group: string;
}

/** Lets Lambda read topics of a cluster of MSK by a function's role, with IAM, and nothing else of the cluster. */
export function grantKafka(grantee: iam.IGrantable, clusterArn: string, topics: readonly ReadTopic[]): void {
  const allow = (actions: string[], resources: string[]): void => {
    grantee.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement({ actions, resources }));
  };
  // arn:aws:kafka:region:account:cluster/name/id, and so …:topic/name/id/topic and …:group/name/id/group.
  const [region, cluster] = Fn.split(':cluster/', clusterArn, 2);
  const within = (kind: 'topic' | 'group', name: string): string => `${region}:${kind}/${cluster}/${name}`;

  allow(['kafka:DescribeClusterV2', 'kafka:GetBootstrapBrokers'], [clusterArn]);
  allow(['kafka-cluster:Connect', 'kafka-cluster:DescribeClusterDynamicConfiguration'], [clusterArn]);
  allow(
    ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'],
    topics.map(({ topic }) => within('topic', topic)),
  );
  allow(
    ['kafka-cluster:DescribeGroup', 'kafka-cluster:AlterGroup'],
    topics.map(({ group }) => within('group', group)),
  );
  // How Lambda finds the cluster's network; these two know no resources. A function in a VPC has the others already.
  allow(['ec2:DescribeVpcs', 'ec2:DescribeSecurityGroups'], ['*']);
}
