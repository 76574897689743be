import { compileFilter, type Field } from './compile-filter.ts';

/** Why an expression is no filter over these fields, or undefined where it is one. */
export function checkFilter(fields: readonly Field[], text: string): string | undefined {
  const compiled = compileFilter(fields, text);
  return 'code' in compiled ? compiled.detail : undefined;
}
