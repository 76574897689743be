import { type Environment, readEnvironment } from '../../shared/platform/environment.ts';
import { loginSchema, readSecret } from './read-secret.ts';

/** Settings that may be a secret's ARN under `<name>_ARN` instead. */
const secretSettings = [
  ...(['API_KEY_SECRET', 'PLATFORM_API_KEY', 'ENVELOPE_SECRET'] as const),
  ...(['REDIS_URL', 'UPSTASH_REDIS_REST_URL', 'UPSTASH_REDIS_REST_TOKEN'] as const),
] as const;

/**
 * The environment with its secrets read: Lambda's own holds their ARNs alone, so whoever may see a function's settings
 * sees no secret. `POSTGRES_SECRET_ARN` names a login that goes into POSTGRES_URL. Once, at init: a secret changed later
 * is seen by processes started later.
 */
export async function readLambdaEnvironment(given: Readonly<Record<string, string | undefined>>): Promise<Environment> {
  const [postgresUrl, ...secrets] = await Promise.all([
    readPostgresUrl(given),
    ...secretSettings.map(async (name) => [name, await readSetting(given, name)] as const),
  ]);
  return readEnvironment({ ...given, POSTGRES_URL: postgresUrl, ...Object.fromEntries(secrets) });
}

function readSetting(
  given: Readonly<Record<string, string | undefined>>,
  name: string,
): Promise<string> | string | undefined {
  const arn = given[`${name}_ARN`];
  return arn === undefined ? given[name] : readSecret(given, arn);
}

async function readPostgresUrl(given: Readonly<Record<string, string | undefined>>): Promise<string | undefined> {
  const { POSTGRES_URL: address, POSTGRES_SECRET_ARN: arn } = given;
  if (address === undefined || arn === undefined) return address;
  const { username, password } = loginSchema.parse(JSON.parse(await readSecret(given, arn)));
  const url = new URL(address);
  url.username = encodeURIComponent(username);
  url.password = encodeURIComponent(password);
  return url.href;
}
