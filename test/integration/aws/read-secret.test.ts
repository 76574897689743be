import { expect, onTestFinished, test } from 'vitest';
import { readCredentials } from '../../../functions/composition/read-credentials.ts';
import { readSecret } from '../../../functions/composition/read-secret.ts';
import { startSecretsManager } from '../../e2e/bundles/secrets-manager.ts';
import { freePort } from '../../support/free-port.ts';

const arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:Pepper';

async function environmentWith(secrets: ReadonlyMap<string, string>) {
  const server = await startSecretsManager(secrets);
  onTestFinished(() => server.stop());
  return { AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_SECRETS_MANAGER: server.url };
}

test('a secret is read by its ARN', async () => {
  const given = await environmentWith(new Map([[arn, 'a pepper, with “ümlauts”']]));
  expect(await readSecret(given, arn)).toBe('a pepper, with “ümlauts”');
});

test('a secret that is not there is what Secrets Manager says of it', async () => {
  const given = await environmentWith(new Map());
  await expect(readSecret(given, arn)).rejects.toMatchObject({ name: 'ResourceNotFoundException', message: arn });
});

test('a Secrets Manager that is away is said to be', async () => {
  const given = { AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${await freePort()}` };
  await expect(readSecret(given, arn)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('an environment without a region or credentials is told so', async () => {
  await expect(readSecret({}, arn)).rejects.toThrow('AWS_REGION is needed here');
  await expect(readSecret({ AWS_REGION: 'us-east-1' }, arn)).rejects.toThrow('AWS_SECRET_ACCESS_KEY are needed here');
});

test('credentials are those of the environment, with the token of a role where there is one', () => {
  const given = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'token' };
  const ofUser = { accessKeyId: 'id', secretAccessKey: 'secret' };
  expect(readCredentials(given, undefined)).toEqual({ ...ofUser, sessionToken: 'token' });
  expect(readCredentials({ ...given, AWS_SESSION_TOKEN: '' }, 'https://dynamodb.example.com')).toEqual(ofUser);
});
