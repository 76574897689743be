import {
  registerFeatureRequestSchema,
  registerServiceRequestSchema,
  registerViewRequestSchema,
  registryRoutes,
} from '../../shared/contract/registry.ts';
import {
  featureAnswer,
  type RegisterDependencies,
  registerFeature,
  registerService,
  registerView,
  serviceAnswer,
  viewAnswer,
} from '../../shared/registry/index.ts';
import type { FunctionApp } from '../http/create-app.ts';
import { registered } from '../http/http-answer.ts';
import { parseJson, parseWith, readBody } from '../http/parse-request.ts';

export function mountRegistration(app: FunctionApp, dependencies: RegisterDependencies): void {
  app.tenantRoute(registryRoutes.registerFeature, async ({ c, ctx }) => {
    const request = parseWith(registerFeatureRequestSchema, parseJson(await readBody(c)), '');
    const { version, created } = await registerFeature(dependencies, ctx, request);
    return registered(created, featureAnswer(version));
  });

  app.tenantRoute(registryRoutes.registerView, async ({ c, ctx }) => {
    const request = parseWith(registerViewRequestSchema, parseJson(await readBody(c)), '');
    const { version, created } = await registerView(dependencies, ctx, request);
    return registered(created, viewAnswer(version));
  });

  app.tenantRoute(registryRoutes.registerService, async ({ c, ctx }) => {
    const request = parseWith(registerServiceRequestSchema, parseJson(await readBody(c)), '');
    const { version, created } = await registerService(dependencies, ctx, request);
    return registered(created, serviceAnswer(version));
  });
}
