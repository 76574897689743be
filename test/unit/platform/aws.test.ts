import { expect, test } from 'vitest';
import { awsEndpoint, isAwsAway, localCredentials } from '../../../shared/platform/aws.ts';

test('a service has an address in each region, in China under another name', () => {
  expect(awsEndpoint('dynamodb', 'eu-central-1')).toBe('https://dynamodb.eu-central-1.amazonaws.com');
  expect(awsEndpoint('secretsmanager', 'us-gov-west-1')).toBe('https://secretsmanager.us-gov-west-1.amazonaws.com');
  expect(awsEndpoint('dynamodb', 'cn-north-1')).toBe('https://dynamodb.cn-north-1.amazonaws.com.cn');
});

test('a local server takes any credentials, and no other address is given any', () => {
  const local = { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  expect(localCredentials('http://127.0.0.1:8000')).toEqual(local);
  expect(localCredentials('http://[::1]:8000')).toEqual(local);
  expect(localCredentials('http://localhost:8000')).toEqual(local);
  expect(localCredentials('https://localhost.example.com')).toEqual({});
  expect(localCredentials(undefined)).toEqual({});
});

test.each([
  ['InternalServerError', true],
  ['InternalServiceError', true],
  ['ThrottlingException', true],
  ['ProvisionedThroughputExceededException', true],
  ['ResourceNotFoundException', false],
  ['AccessDeniedException', false],
  ['ConditionalCheckFailedException', false],
])('%s says that a service is away: %s', (name, isAway) => {
  expect(isAwsAway(Object.assign(new Error('said so'), { name }))).toBe(isAway);
});
