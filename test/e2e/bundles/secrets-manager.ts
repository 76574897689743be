import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';

export interface SecretsManager {
  url: string;
  stop(): Promise<void>;
}

const requestSchema = z.object({ SecretId: z.string() });

/** As much of AWS Secrets Manager as GetSecretValue: each secret by its ARN. */
export async function startSecretsManager(secrets: ReadonlyMap<string, string>): Promise<SecretsManager> {
  const server = createServer(async (request, response) => {
    const { SecretId } = requestSchema.parse(JSON.parse(await text(request)));
    const SecretString = secrets.get(SecretId);
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    if (SecretString !== undefined && request.headers['x-amz-target'] === 'secretsmanager.GetSecretValue') {
      response.end(JSON.stringify({ ARN: SecretId, SecretString }));
    } else {
      response.statusCode = 400;
      response.end(JSON.stringify({ __type: 'ResourceNotFoundException', message: SecretId }));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = z.object({ port: z.number() }).parse(server.address());
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
