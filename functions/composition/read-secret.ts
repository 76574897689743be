import * as z from '../../shared/contract/zod.ts';
import { createAwsJson } from '../../shared/platform/aws-json.ts';
import { EnvironmentError } from '../../shared/platform/environment.ts';
import { readCredentials } from './read-credentials.ts';

/** Of the 10 s that Lambda gives init, three attempts take 6. */
const attemptMillis = 2000;

/**
 * A secret's text, from the Secrets Manager of the process's region. Throws EnvironmentError where the environment names no
 * region or credentials, and what Secrets Manager refuses it with.
 */
export async function readSecret(given: Readonly<Record<string, string | undefined>>, arn: string): Promise<string> {
  const { AWS_REGION: region, AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint } = given;
  if (!region) throw new EnvironmentError(['AWS_REGION is needed here.']);
  const credentials = readCredentials(given, endpoint);
  const { call, close } = createAwsJson({
    ...{ service: 'secretsmanager', target: 'secretsmanager', version: '1.1' },
    ...{ region, endpoint, credentials, attemptMillis },
  });
  try {
    const answer = secretSchema.safeParse(await call('GetSecretValue', { SecretId: arn }));
    if (!answer.success) throw new Error(`the secret ${arn} has no text`);
    return answer.data.SecretString;
  } finally {
    close();
  }
}

const secretSchema = z.object({ SecretString: z.string() });

/** How RDS, and this project, keep the login of a Postgres user in a secret; it has further members. */
export const loginSchema = z.object({
  username: z.string().check(z.minLength(1)),
  password: z.string().check(z.minLength(16)),
});
