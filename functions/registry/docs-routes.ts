import { readFile } from 'node:fs/promises';
import { operationsRoutes } from '../../shared/contract/operations.ts';
import type { FunctionApp } from '../http/create-app.ts';
import { createOpenApi } from './openapi.ts';

/** `/openapi.json` and `/docs`, which loads nothing from the internet: the reference's script is served from here, and what it offers of its maker's services is off. */
export function mountDocs(app: FunctionApp, { referenceScript }: { readonly referenceScript: URL }): void {
  let document: string | undefined;
  let script: string | undefined;

  app.openRoute(operationsRoutes.openapi, () => {
    document ??= JSON.stringify(createOpenApi());
    return { status: 200, text: document };
  });

  app.openRoute(operationsRoutes.docs, () => ({
    status: 200,
    text: page,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:",
    },
  }));

  app.hono.get('/docs/reference.js', async (c) => {
    script ??= await readFile(referenceScript, 'utf8');
    return c.body(script, 200, {
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=86400',
    });
  });
}

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Feature Store API</title>
    <link rel="icon" href="data:,">
  </head>
  <body>
    <div id="reference"></div>
    <script src="/docs/reference.js"></script>
    <script>
      Scalar.createApiReference('#reference', {
        url: '/openapi.json',
        withDefaultFonts: false,
        telemetry: false,
        hideClientButton: true,
        showDeveloperTools: 'never',
        agent: { disabled: true },
        mcp: { disabled: true },
      });
    </script>
  </body>
</html>
`;
