import { type AwsCredentials, localCredentials } from '../../shared/platform/aws.ts';
import { EnvironmentError } from '../../shared/platform/environment.ts';

/**
 * The credentials of the function's role, which Lambda puts into its environment for as long as the process lives, or those
 * that a local server takes. Throws EnvironmentError where there are none.
 */
export function readCredentials(
  given: Readonly<Record<string, string | undefined>>,
  endpoint: string | undefined,
): AwsCredentials {
  const { credentials } = localCredentials(endpoint);
  if (credentials !== undefined) return credentials;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: token } = given;
  if (!accessKeyId || !secretAccessKey) {
    throw new EnvironmentError(['AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are needed here, as Lambda sets them.']);
  }
  return { accessKeyId, secretAccessKey, ...(token ? { sessionToken: token } : {}) };
}
