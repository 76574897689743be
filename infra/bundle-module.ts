import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type BuildResult, build, type Plugin } from 'esbuild';
import { trimIoredis } from './trim-ioredis.ts';

/** The project's. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** One module with all that it imports, as it goes to Lambda: `index.mjs` and its source map. Written nowhere. */
export function bundleModule(
  name: string,
  entry: string,
): Promise<BuildResult<{ readonly write: false; readonly metafile: true }>> {
  return build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minify: true,
    sourcemap: true,
    // With it the map of online is 3.9 MB instead of 1.3, and every cold start has the package to fetch.
    sourcesContent: false,
    // The AWS SDK's ES modules can be shaken: 240 KB less in online than its CommonJS.
    mainFields: ['module', 'main'],
    external: neverLoaded,
    plugins: [requireBuiltins, trimIoredis],
    banner: { js: requireForCommonJs },
    write: false,
    metafile: true,
    // Written elsewhere; from here the paths in the map, and with them the asset's hash, are the same on every machine.
    outfile: `dist/${name}/index.mjs`,
  });
}

/** pg and ioredis are CommonJS and require Node's own modules, which an ES module has no `require` for. */
const requireForCommonJs = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

/** Credentials come from the environment in Lambda; the SDK imports these dynamically where they do not. 132 KB. */
const neverLoaded = [
  ...['http', 'ini', 'login', 'process', 'sso', 'web-identity'].map((from) => `@aws-sdk/credential-provider-${from}`),
  '@smithy/credential-provider-imds',
];

/**
 * Node's own modules are required and not imported. An import reads all that a module exports, and with it what Node loads when
 * it is first read: `node:http` exports WebSocket, which is all of fetch.
 */
const requireBuiltins: Plugin = {
  name: 'require-builtins',
  setup({ onResolve, onLoad }) {
    const names = new Set(builtinModules);
    onResolve({ filter: /^(node:)?[a-z_/]+$/ }, ({ path, kind }) => {
      const name = path.replace(/^node:/, '');
      return kind === 'import-statement' && names.has(name) ? { path: name, namespace: 'builtin' } : undefined;
    });
    onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = require('node:${path}')`,
    }));
  },
};
