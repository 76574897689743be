import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { isObject } from '../contract/is-object.ts';
import { type AwsCredentials, awsEndpoint } from './aws.ts';
import { createPostText, type TextAnswer } from './post-text.ts';
import { createRetryAwsCall } from './retry-aws-calls.ts';

export interface AwsJsonOptions {
  /** In the host's name and the signature's scope: `dynamodb`. */
  readonly service: string;
  /** Before the dot of `x-amz-target`: `DynamoDB_20120810`. */
  readonly target: string;
  /** Of the protocol, as the service speaks it. */
  readonly version: '1.0' | '1.1';
  readonly region: string;
  /** Another endpoint than AWS's, such as a local server's. */
  readonly endpoint?: string | undefined;
  readonly credentials: AwsCredentials;
  /** At most, of a call. Default 3. */
  readonly attempts?: number;
  /** What an attempt may take, from the connection to the last byte of the answer. Default 1000. */
  readonly attemptMillis?: number;
}

export interface AwsJson {
  /**
   * What the service answers to an action. Rejects with an Error that bears the exception's name where the service refuses it,
   * with Node's own or a `TimeoutError` where there is no answer: `isAwsAway` tells which of them are an outage.
   */
  call(action: string, input: object): Promise<unknown>;
  /** Ends the connections that are kept. */
  close(): void;
}

/**
 * Calls a service that speaks AWS JSON, as DynamoDB and Secrets Manager do: a POST, signed by AWS's own signer. For a function
 * whose start somebody waits for: beside the SDK's clients it is 180 KB less to compile. Anything else takes those.
 */
export function createAwsJson(options: AwsJsonOptions): AwsJson {
  const { service, target, version, region, credentials, attempts = 3, attemptMillis = 1000 } = options;
  const url = new URL(options.endpoint ?? awsEndpoint(service, region));
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256, applyChecksum: false });
  const { post, close } = createPostText(url, { timeoutMillis: attemptMillis });
  const retry = createRetryAwsCall({ attempts });

  return {
    call: (action, input) => {
      const { protocol, hostname, pathname: path, host } = url;
      const body = JSON.stringify(input);
      const type = `application/x-amz-json-${version}`;
      const headers = { host, 'content-type': type, 'x-amz-target': `${target}.${action}` };
      return retry(async () => {
        // Signed for each attempt: a signature holds for five minutes, and a process may be frozen for longer.
        const signed = await signer.sign({ method: 'POST', protocol, hostname, path, headers, body });
        const answer = await post(signed.headers, body);
        if (answer.status !== 200) throw refusalOf(answer);
        return JSON.parse(answer.text);
      });
    },
    close,
  };
}

/** By AWS's protocol the name is in a header or the body, with a namespace before it or an address after it. */
function refusalOf({ status, headers, text }: TextAnswer): Error {
  const body = parsedOrEmpty(text);
  const type = headers['x-amzn-errortype'] ?? body.__type;
  const named = typeof type === 'string' ? type.replace(/:.*$/, '').replace(/^.*#/, '') : undefined;
  const message = body.message ?? body.Message;
  // What stands between us and the service answers without a name.
  const name = named ?? (status >= 500 ? 'ServiceUnavailable' : 'UnknownError');
  return Object.assign(new Error(typeof message === 'string' ? message : `answered ${status}`), { name });
}

function parsedOrEmpty(text: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(text);
    return isObject(body) ? body : {};
  } catch {
    return {};
  }
}
