import { en } from 'zod/locales';
import { config, type core, globalRegistry, type ZodMiniType } from 'zod/mini';

/**
 * Zod as all that goes to Lambda uses it: its small build, where what others have as methods of each schema are functions. It
 * is 66 KB less in the bundle of online and with it 40 ms of processor less a cold start (docs/adr/0020). That build is without
 * words for what is wrong; the classic one's are set here, so that no schema comes without them.
 */
export * from 'zod/mini';

// It generates no parser: not even looked at is whether it may, 2 ms.
config({ ...en(), jitless: true });

/** For `apply`: the schema with what the OpenAPI document is to say of it. A copy, since others may use the schema too. */
export function documented<Schema extends ZodMiniType>(schema: Schema, meta: core.GlobalMeta): Schema {
  const copy = schema.clone();
  globalRegistry.add(copy, meta);
  return copy;
}
