import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { grantKafka } from '../constructs/grant-kafka.ts';
import { NodeFunction } from '../constructs/node-function.ts';
import { watchConsumer, watchIteratorAge, watchKafka, watchKinesisMapping } from '../constructs/watch-streams.ts';
import { namePrefix } from '../settings.ts';
import { boundStreamsOf, type MskSettings, topicsOf } from '../stream-settings.ts';
import { functionDefaults, type PooledStackProps } from './jobs.ts';

type Consumer = 'stream' | 'msk' | 'replay';

/** What all mappings have alike. */
const batches = {
  // The most there is, as far as they fit into 6 MB: large batches cost little an event (shared/stream folds all of one at once).
  batchSize: 10_000,
  maxBatchingWindow: Duration.seconds(1),
  startingPosition: lambda.StartingPosition.TRIM_HORIZON,
  // Without end: until the records themselves end. A batch that a function dies of is halved.
  retryAttempts: -1,
  bisectBatchOnError: true,
  reportBatchItemFailures: true,
};

/** What consumes streams and topics of events, and what delivers dead letters again. */
export class StreamsStack extends Stack {
  constructor(scope: Construct, id: string, props: PooledStackProps) {
    super(scope, id, props);
    const { data, settings } = props;

    const stream = this.consumer('stream', props, 'Folds events and stores rows that come by streams', 60);
    allow(stream, `${data.deadLetters.bucketArn}/*`, 's3:PutObject');
    // Lambda writes what it gives up on by the function's role. The CDK's own sources and destinations would grant far more.
    allow(stream, data.deadLetters.bucketArn, 's3:ListBucket');
    this.readStream('Events', stream, props, data.events.streamArn);
    watchConsumer(stream, 'stream', props);
    watchIteratorAge(stream, props);
    for (const bound of boundStreamsOf(settings)) {
      const { SLASH_RESOURCE_NAME: arnFormat } = ArnFormat;
      const arn = this.formatArn({ service: 'kinesis', resource: 'stream', resourceName: bound, arnFormat });
      this.readStream(`Events-${bound}`, stream, props, arn);
    }

    const { msk } = settings;
    if (msk !== undefined && data.kafkaArn !== undefined) this.readTopics(props, msk, data.kafkaArn);

    const replay = this.consumer('replay', props, 'Invoked by people: delivers dead letters again', 900);
    allow(replay, data.deadLetters.bucketArn, 's3:ListBucket');
    allow(replay, `${data.deadLetters.bucketArn}/*`, 's3:GetObject', 's3:PutObject', 's3:DeleteObject');
  }

  private readStream(id: string, stream: NodeFunction, props: PooledStackProps, streamArn: string): void {
    const { data } = props;
    const reads = ['DescribeStream', 'DescribeStreamSummary', 'GetRecords', 'GetShardIterator', 'ListShards'];
    allow(stream, streamArn, ...reads.map((action) => `kinesis:${action}`));
    const mapping = new lambda.EventSourceMapping(this, id, {
      ...batches,
      target: stream as lambda.IFunction,
      eventSourceArn: streamArn,
      parallelizationFactor: props.settings.streamParallelization,
      // Only what no retry mends goes elsewhere, and that by itself.
      onFailure: { bind: () => ({ destination: data.deadLetters.bucketArn }) },
      metricsConfig: { metrics: [lambda.MetricType.EVENT_COUNT] },
    });
    mapping.node.addDependency(stream.role ?? stream);
    watchKinesisMapping(mapping, id, props);
  }

  /** A mapping for each topic, which may have no more, and for each a consumer group of its own. */
  private readTopics(props: PooledStackProps, { minPollers, maxPollers }: MskSettings, clusterArn: string): void {
    const { data, settings } = props;
    const msk = this.consumer('msk', props, 'Folds events and stores rows that come by topics of Kafka', 60);
    allow(msk, `${data.deadLetters.bucketArn}/*`, 's3:PutObject');
    const topics = topicsOf(settings).map((topic) => ({ topic, group: `${namePrefix(settings)}.${topic}` }));
    grantKafka(msk, clusterArn, topics);
    watchConsumer(msk, 'msk', props);
    watchKafka(msk, props);
    for (const { topic, group } of topics) {
      // No destination for what fails: with one, Lambda gives a batch of Kafka up after ten attempts.
      new lambda.EventSourceMapping(this, `Topic-${topic}`, {
        ...batches,
        target: msk as lambda.IFunction,
        eventSourceArn: clusterArn,
        kafkaTopic: topic,
        kafkaConsumerGroupId: group,
        // Pollers of our own: without them Lambda takes no report of what failed, and needs a way to itself out of the VPC.
        provisionedPollerConfig: { minimumPollers: minPollers, maximumPollers: maxPollers },
      }).node.addDependency(msk.role ?? msk);
    }
  }

  private consumer(name: Consumer, props: PooledStackProps, description: string, timeoutSeconds: number): NodeFunction {
    const { data, settings } = props;
    const { streamBindings } = settings;
    const consumer = new NodeFunction(this, `${name[0]?.toUpperCase()}${name.slice(1)}`, {
      ...functionDefaults(name, props),
      description,
      // One whole processor, of which folding uses one. Batches of 10,000 events into 19 windows took 570 MB at most.
      memoryMb: 1769,
      timeout: Duration.seconds(timeoutSeconds),
      environment: {
        POSTGRES_URL: props.pooledPostgresUrl,
        // As many groups as are worked on at once.
        POSTGRES_MAX_POOL: '4',
        ...data.stores.cache.environment,
        DYNAMODB_TABLE_PREFIX: data.tablePrefix,
        DEAD_LETTER_BUCKET: data.deadLetters.bucketName,
        ...(streamBindings.length === 0 ? {} : { STREAM_BINDINGS: JSON.stringify(streamBindings) }),
      },
      secrets: {
        POSTGRES_SECRET_ARN: data.secrets.writer,
        ENVELOPE_SECRET_ARN: data.secrets.envelopes,
        ...data.stores.cache.secrets,
      },
    });
    data.tables.tenants.allow(consumer, 'GetItem');
    data.tables.registrySnapshots.allow(consumer, 'GetItem', 'Query');
    return consumer;
  }
}

function allow(grantee: iam.IGrantable, resource: string, ...actions: string[]): void {
  grantee.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement({ resources: [resource], actions }));
}
