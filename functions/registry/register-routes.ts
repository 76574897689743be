import { featureServiceRoutes, registerServiceRequestSchema } from '../../shared/contract/feature-services.ts';
import { featureViewRoutes, registerViewRequestSchema } from '../../shared/contract/feature-views.ts';
import { featureRoutes, registerFeatureRequestSchema } from '../../shared/contract/features.ts';
import { registerSourceRequestSchema, streamSourceRoutes } from '../../shared/contract/stream-sources.ts';
import {
  featureAnswer,
  type RegisterDependencies,
  registerFeature,
  registerService,
  registerSource,
  registerView,
  serviceAnswer,
  sourceAnswer,
  viewAnswer,
} from '../../shared/registry/index.ts';
import type { FunctionApp } from '../http/create-app.ts';
import { registered } from '../http/http-answer.ts';
import { parseJson, parseWith, readBody } from '../http/parse-request.ts';

export function mountRegistration(app: FunctionApp, dependencies: RegisterDependencies): void {
  app.tenantRoute(featureRoutes.registerFeature, async ({ c, ctx }) => {
    const request = parseWith(registerFeatureRequestSchema, parseJson(await readBody(c)), '');
    const { version, isCreated } = await registerFeature(dependencies, ctx, request);
    return registered(isCreated, featureAnswer(version));
  });

  app.tenantRoute(featureViewRoutes.registerView, async ({ c, ctx }) => {
    const request = parseWith(registerViewRequestSchema, parseJson(await readBody(c)), '');
    const { version, isCreated } = await registerView(dependencies, ctx, request);
    return registered(isCreated, viewAnswer(version));
  });

  app.tenantRoute(streamSourceRoutes.registerSource, async ({ c, ctx }) => {
    const request = parseWith(registerSourceRequestSchema, parseJson(await readBody(c)), '');
    const { version, isCreated } = await registerSource(dependencies, ctx, request);
    return registered(isCreated, sourceAnswer(version));
  });

  app.tenantRoute(featureServiceRoutes.registerService, async ({ c, ctx }) => {
    const request = parseWith(registerServiceRequestSchema, parseJson(await readBody(c)), '');
    const { version, isCreated } = await registerService(dependencies, ctx, request);
    return registered(isCreated, serviceAnswer(version));
  });
}
