import { createReadOnline } from '../../shared/online/index.ts';
import { composeLambda, lambdaHandler } from '../composition/lambda.ts';
import { mountOnline } from './app.ts';

const parts = await composeLambda({ queryTimeoutMillis: 6_000, readsOnly: true });
mountOnline(parts.app, { readOnline: createReadOnline(parts) });

export const handler = lambdaHandler(parts);
