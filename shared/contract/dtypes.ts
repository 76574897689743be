import * as z from './zod.ts';

/** The data types a feature may have. `docs/semantics.md` section 3 says how each is written and answered. */
export const dtypes = [
  'float64',
  'float32',
  'int64',
  'int32',
  'string',
  'bool',
  'timestamp',
  'json',
  'bytes',
  'float64[]',
  'float32[]',
  'int64[]',
  'string[]',
] as const;

export type Dtype = (typeof dtypes)[number];

export const dtypeSchema = z
  .enum(dtypes, { error: `a dtype is one of ${dtypes.join(', ')}` })
  .apply(z.documented, { id: 'Dtype', description: 'Data type of a feature' });
