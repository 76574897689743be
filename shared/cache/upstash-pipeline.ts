import type { Redis } from '@upstash/redis/cloudflare';
import type { RedisCommand } from './redis-client.ts';

export type UpstashCommand = RedisCommand | { readonly name: 'ping'; readonly mayFail?: false };

type Pipeline = ReturnType<Redis['pipeline']>;

/** Each by the package's method for it, which puts the name and the count of keys back where they were. */
export function addCommands(pipeline: Pipeline, commands: readonly UpstashCommand[]): void {
  for (const command of commands) add(pipeline, command);
}

function add(pipeline: Pipeline, command: UpstashCommand): void {
  switch (command.name) {
    case 'ping':
      pipeline.ping();
      return;
    case 'get':
      pipeline.get(command.key);
      return;
    case 'hmget':
      pipeline.hmget(command.key, ...textsOf(command.args.slice(1)));
      return;
    case 'unlink':
      pipeline.unlink(...textsOf(command.args));
      return;
    case 'eval':
    case 'evalsha': {
      const [body, keyCount, ...rest] = command.args;
      const firstArgument = Number(keyCount);
      pipeline[command.name](String(body), textsOf(rest.slice(0, firstArgument)), rest.slice(firstArgument));
    }
  }
}

function textsOf(args: readonly (string | number)[]): string[] {
  return args.map(String);
}
