import { builtinModules } from 'node:module';
import type { Plugin } from 'esbuild';

/**
 * Node's own modules are required and not imported. An import reads all that a module exports, and with it what Node loads when
 * it is first read: `node:http` exports WebSocket, which is all of fetch, 50 ms.
 */
export const requireBuiltins: Plugin = {
  name: 'require-builtins',
  setup: ({ onResolve, onLoad }) => {
    const names = new Set(builtinModules);
    onResolve({ filter: /^(node:)?[a-z_/]+$/ }, ({ path, kind }) => {
      const name = path.replace(/^node:/, '');
      return kind !== 'require-call' && names.has(name) ? { path: name, namespace: 'builtin' } : undefined;
    });
    onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = require('node:${path}')`,
    }));
  },
};
