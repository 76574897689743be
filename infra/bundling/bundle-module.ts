import { fileURLToPath } from 'node:url';
import { type BuildOptions, type BuildResult, build } from 'esbuild';
import { packagesAsText } from './packages-as-text.ts';
import { requireBuiltins } from './require-builtins.ts';
import { trimIoredis } from './trim-ioredis.ts';

/** The project's. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** One module with all that it imports, as it goes to Lambda: `index.mjs` and its source map. Written nowhere. */
export function bundleModule(name: string, entry: string): Promise<BuildResult<{ readonly write: false }>> {
  return build({
    ...options,
    entryPoints: [entry],
    plugins: [requireBuiltins, trimIoredis, packagesAsText(options)],
    format: 'esm',
    minify: true,
    sourcemap: true,
    // With it the map of online is 3.9 MB instead of 1.3, and every cold start has the package to fetch.
    sourcesContent: false,
    banner: { js: requireForCommonJs },
    write: false,
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

const options: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  // ES modules can be shaken: the AWS SDK is 240 KB less than its CommonJS.
  mainFields: ['module', 'main'],
  external: neverLoaded,
};
