import { type BuildOptions, build, type Plugin } from 'esbuild';

/**
 * Packages that are loaded when they are first needed, which in most processes is after the first answer or never. They are in
 * the bundle as text, compiled when they are loaded: V8 looks into every function of a module before it runs any of it, and these are
 * 245 of 650 KB of online, 17 of 240 ms of its cold start.
 */
const packages = ['pg', '@upstash/redis/cloudflare', '@marcbachmann/cel-js'];

/** Bundled by `options` as the rest is, each by itself. The source map does not know them: their frames in a stack stay as they are. */
export function packagesAsText(options: BuildOptions): Plugin {
  return {
    name: 'packages-as-text',
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /./ }, ({ path }) =>
        packages.includes(path) ? { path, namespace: 'package-as-text' } : undefined,
      );
      onLoad({ filter: /./, namespace: 'package-as-text' }, async ({ path }) => ({
        contents: `
          const { compileFunction } = require('node:vm');
          const text = ${JSON.stringify(await bundlePackage(path, options))};
          compileFunction(text, ['module', 'require'], { filename: '${path}' })(module, require);`,
      }));
    },
  };
}

async function bundlePackage(name: string, options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    ...options,
    stdin: { contents: `module.exports = require('${name}')`, resolveDir: options.absWorkingDir ?? '.' },
    format: 'cjs',
    minify: true,
    write: false,
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`${name} makes no bundle`);
  return file.text;
}
