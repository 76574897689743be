import { type ASTNode, type Environment, serialize } from '@marcbachmann/cel-js';

/** Each takes time in proportion to its operands, and none makes more than it was given. */
const functions = new Set(['has', 'size', 'int', 'double', 'string', 'bool', 'timestamp', 'duration']);

const textMethods = [
  'size',
  'contains',
  'startsWith',
  'endsWith',
  'lowerAscii',
  'upperAscii',
  'trim',
  'indexOf',
  'lastIndexOf',
  'substring',
];

/** Of timestamps (in UTC) and durations. With a time zone they take 50 µs each, and depend on the machine's own. */
const timeMethods = new Set([
  'getFullYear',
  'getMonth',
  'getDate',
  'getDayOfMonth',
  'getDayOfWeek',
  'getHours',
  'getMinutes',
  'getSeconds',
  'getMilliseconds',
]);

const methods = new Set([...textMethods, ...timeMethods]);

const summands = new Set(['int', 'double', 'google.protobuf.Timestamp', 'google.protobuf.Duration']);

/**
 * Why an expression calls what might take more than time in proportion to its length times the event's, or undefined:
 * regular expressions may take for ever, and comprehensions nest.
 */
export function refuseCalls(node: ASTNode): string | undefined {
  return refusalOfCall(node) ?? firstOf(childrenOf(node), refuseCalls);
}

/** Why an expression adds what grows with each sum, or undefined. The environment has its variables. */
export function refuseSums(node: ASTNode, environment: Environment): string | undefined {
  const type = node.op === '+' ? environment.check(serialize(node)).type : undefined;
  if (type !== undefined && !summands.has(type)) return `+ adds numbers, times and durations, not ${type}`;
  return firstOf(childrenOf(node), (child) => refuseSums(child, environment));
}

function refusalOfCall(node: ASTNode): string | undefined {
  if (node.op === 'call') {
    const [name] = node.args;
    return functions.has(name) ? undefined : `there is no function ${name}, but ${[...functions].join(', ')}`;
  }
  if (node.op !== 'rcall') return undefined;
  const [name, , given] = node.args;
  if (!methods.has(name)) return `there is no method ${name}, but ${[...methods].join(', ')}`;
  return timeMethods.has(name) && given.length > 0 ? `${name} is in UTC and takes no time zone` : undefined;
}

export function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'map':
      return node.args.flat();
    case '!_':
    case '-_':
      return [node.args];
    default:
      return node.args;
  }
}

function firstOf<Item, Result>(items: readonly Item[], look: (item: Item) => Result | undefined): Result | undefined {
  for (const item of items) {
    const found = look(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
