import { Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { NodeFunction } from '../constructs/node-function.ts';
import { functionDefaults, type JobsStackProps } from './jobs.ts';

/** What consumes the stream of events, and what delivers dead letters again. */
export class StreamsStack extends Stack {
  constructor(scope: Construct, id: string, props: JobsStackProps) {
    super(scope, id, props);
    const { data } = props;

    const stream = this.consumer('Stream', 'stream', props, 'Folds events and stores rows that come by streams', 60);
    allow(stream, `${data.deadLetters.bucketArn}/*`, 's3:PutObject');
    // Lambda writes what it gives up on by the function's role. The CDK's own sources and destinations would grant far more.
    allow(stream, data.deadLetters.bucketArn, 's3:ListBucket');
    const reads = ['DescribeStream', 'DescribeStreamSummary', 'GetRecords', 'GetShardIterator', 'ListShards'];
    allow(stream, data.events.streamArn, ...reads.map((action) => `kinesis:${action}`));
    // Records are retried until they end, seven days long: only what no retry mends goes elsewhere, and that by itself.
    new lambda.EventSourceMapping(this, 'Events', {
      target: stream as lambda.IFunction,
      eventSourceArn: data.events.streamArn,
      startingPosition: lambda.StartingPosition.TRIM_HORIZON,
      // Large batches cost little an event (shared/stream folds all of a batch at once).
      batchSize: 1000,
      maxBatchingWindow: Duration.seconds(1),
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      onFailure: { bind: () => ({ destination: data.deadLetters.bucketArn }) },
    }).node.addDependency(stream.role ?? stream);

    const replay = this.consumer('Replay', 'replay', props, 'Invoked by people: delivers dead letters again', 900);
    allow(replay, data.deadLetters.bucketArn, 's3:ListBucket');
    allow(replay, `${data.deadLetters.bucketArn}/*`, 's3:GetObject', 's3:PutObject', 's3:DeleteObject');
  }

  private consumer(
    id: string,
    name: 'stream' | 'replay',
    props: JobsStackProps,
    description: string,
    timeoutSeconds: number,
  ): NodeFunction {
    const { data } = props;
    const consumer = new NodeFunction(this, id, {
      ...functionDefaults(name, props),
      description,
      memoryMb: 1769,
      timeout: Duration.seconds(timeoutSeconds),
      environment: {
        POSTGRES_URL: data.postgresUrl,
        // As many groups as are worked on at once.
        POSTGRES_MAX_POOL: '4',
        REDIS_URL: data.redisUrl,
        DYNAMODB_TABLE_PREFIX: data.tablePrefix,
        DEAD_LETTER_BUCKET: data.deadLetters.bucketName,
      },
      secrets: { POSTGRES_SECRET_ARN: data.secrets.writer, ENVELOPE_SECRET_ARN: data.secrets.envelopes },
    });
    data.tables.tenants.allow(consumer, 'GetItem');
    data.tables.registrySnapshots.allow(consumer, 'GetItem', 'Query');
    return consumer;
  }
}

function allow(grantee: iam.IGrantable, resource: string, ...actions: string[]): void {
  grantee.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement({ resources: [resource], actions }));
}
