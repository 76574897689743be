import { batchRequestSchema, trainingRoutes } from '../../shared/contract/training.ts';
import type { ReadBatch } from '../../shared/training/index.ts';
import type { FunctionApp } from '../http/create-app.ts';
import { parseJson, parseWith, readBody } from '../http/parse-request.ts';

export function mountTraining(app: FunctionApp, readBatch: ReadBatch): void {
  app.tenantRoute(trainingRoutes.readBatch, async ({ c, ctx, log }) => {
    const request = parseWith(batchRequestSchema, parseJson(await readBody(c)), '');
    const answer = await readBatch(ctx, request);
    log.entity_count = answer.rows;
    log.feature_count = answer.features;
    return { status: 200, text: answer.text };
  });
}
