import { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

export interface TableProps {
  readonly tableName: string;
  /** Both of type string. */
  readonly partitionKey: string;
  readonly sortKey?: string;
  readonly timeToLiveAttribute?: string;
  readonly index?: {
    readonly name: string;
    readonly partitionKey: string;
    readonly sortKey: string;
    readonly includes: string[];
  };
  readonly protectsData: boolean;
}

type Action = 'GetItem' | 'Query' | 'Scan' | 'PutItem' | 'UpdateItem' | 'DeleteItem' | 'BatchWriteItem';

/** A DynamoDB table on demand with recovery to any second of the last 35 days, which grants single actions only. */
export class Table extends dynamodb.Table {
  readonly #indexName: string | undefined;

  constructor(scope: Construct, id: string, { protectsData, index, partitionKey, sortKey, ...props }: TableProps) {
    super(scope, id, {
      ...props,
      partitionKey: text(partitionKey),
      ...(sortKey === undefined ? {} : { sortKey: text(sortKey) }),
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: protectsData,
      removalPolicy: protectsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    this.#indexName = index?.name;
    if (index === undefined) return;
    this.addGlobalSecondaryIndex({
      indexName: index.name,
      partitionKey: text(index.partitionKey),
      sortKey: text(index.sortKey),
      projectionType: dynamodb.ProjectionType.INCLUDE,
      nonKeyAttributes: index.includes,
    });
  }

  /** On the table itself: the CDK's own grants take in the indexes and the streams. */
  allow(grantee: iam.IGrantable, ...actions: Action[]): void {
    allow(grantee, this.tableArn, actions);
  }

  allowIndexQuery(grantee: iam.IGrantable): void {
    if (this.#indexName === undefined) throw new Error(`${this.node.path} has no index`);
    allow(grantee, `${this.tableArn}/index/${this.#indexName}`, ['Query']);
  }
}

function allow(grantee: iam.IGrantable, resource: string, actions: readonly Action[]): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new iam.PolicyStatement({ resources: [resource], actions: actions.map((action) => `dynamodb:${action}`) }),
  );
}

function text(name: string): dynamodb.Attribute {
  return { name, type: dynamodb.AttributeType.STRING };
}
