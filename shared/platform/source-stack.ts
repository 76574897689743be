import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';

const here = import.meta.url;
const mapFile = `${fileURLToPath(here)}.map`;
let map: SourceMap | undefined;

/**
 * A stack of bundled code with the files and lines of its sources, by the map beside the bundle. Read at the first error:
 * Node's `--enable-source-maps` reads it at each start, 58 of 208 ms of the first answer of online, measured.
 */
export function sourceStack(stack: string): string {
  if (map === undefined && !existsSync(mapFile)) return stack;
  map ??= new SourceMap(JSON.parse(readFileSync(mapFile, 'utf8')));
  const known = map;
  return stack.replaceAll(
    /(file:\/\/[^\s():]+):(\d+):(\d+)/g,
    (place: string, file: string, line: string, column: string) => {
      if (file !== here) return place;
      const origin = known.findEntry(Number(line) - 1, Number(column) - 1);
      if (!('originalSource' in origin)) return place;
      return `${origin.originalSource.replace(/^(\.\.\/)+/, '')}:${origin.originalLine + 1}:${origin.originalColumn + 1}`;
    },
  );
}
