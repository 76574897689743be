export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of credentials that end, as a role's do. */
  readonly sessionToken?: string;
}

/** A local server checks no signature but wants one; nobody on a laptop need have credentials for it. */
export function localCredentials(endpoint: string | undefined): { credentials?: AwsCredentials } {
  const isLocal = endpoint !== undefined && ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(endpoint).hostname);
  return isLocal ? { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } } : {};
}

/** Where a service is called, which China has under a name of its own. */
export function awsEndpoint(service: string, region: string): string {
  return `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

/** Whether a service of AWS is away, overloaded or too slow, and not the call wrong. */
export function isAwsAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const isBusy =
    /Timeout|Throttl|ProvisionedThroughputExceeded|RequestLimitExceeded|InternalServerError|InternalServiceError|InternalFailure|ServiceUnavailable|SlowDown/;
  if (isBusy.test(error.name)) return true;
  const code = 'code' in error ? String(error.code) : '';
  return /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)/.test(code);
}
