import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';

/** A secret's text, from Secrets Manager. */
export async function readSecret(arn: string): Promise<string> {
  const client = new SecretsManagerClient();
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
    if (SecretString === undefined) throw new Error(`the secret ${arn} has no text`);
    return SecretString;
  } finally {
    client.destroy();
  }
}

/** How RDS, and this project, keep the login of a Postgres user in a secret; it has further members. */
export const loginSchema = z.object({ username: z.string().min(1), password: z.string().min(16) });
