import { dtypeSchema } from '../contract/dtypes.ts';
import { aggregationFunctions } from '../contract/limits.ts';
import * as z from '../contract/zod.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';
import {
  emptySnapshot,
  type FeatureService,
  type FeatureView,
  type RegistrySnapshot,
  type ServiceVersion,
  type ViewVersion,
} from './model.ts';

/** Everything the tenant has registered, from Postgres, which is the truth of it. Within a tenant transaction. */
export async function loadSnapshot(query: Queryable, { tenantId }: TenantContext): Promise<RegistrySnapshot> {
  const [row] = await query.rows<{ epoch: number; views: unknown; services: unknown; sources: unknown }>({
    name: 'load_registry',
    text: loadRegistry,
    values: [tenantId],
  });
  if (row === undefined) return emptySnapshot;
  return {
    epoch: row.epoch,
    views: groupViews(z.array(viewVersionSchema).parse(row.views)),
    services: groupServices(z.array(serviceVersionSchema).parse(row.services)),
    sources: z.array(sourceSchema).parse(row.sources),
  };
}

const loadRegistry = `
  SELECT
    t.epoch::float8 AS epoch,
    coalesce((
      SELECT jsonb_agg(jsonb_build_object(
        'view', v.view, 'version', v.version, 'revision', v.revision, 'entityType', v.entity_type,
        'table', v.view_table, 'ttlHours', v.ttl_hours, 'description', v.description, 'tags', to_jsonb(v.tags),
        'stream', v.stream, 'owner', v.owner, 'retentionDays', v.retention_days, 'maxStalenessSeconds', v.max_staleness_seconds,
        'createdAt', registry.rfc3339(v.created_at), 'updatedAt', registry.rfc3339(v.updated_at),
        'features', (
          SELECT jsonb_agg(jsonb_build_object(
            'name', f.name, 'dtype', f.dtype, 'ttlHours', f.ttl_hours, 'description', f.description,
            'tags', to_jsonb(f.tags), 'position', f.position, 'sinceRevision', f.since_revision,
            'createdAt', registry.rfc3339(f.created_at), 'updatedAt', registry.rfc3339(f.updated_at)
          ) ORDER BY f.position)
          FROM registry.features f
          WHERE f.tenant_id = v.tenant_id AND f.view = v.view AND f.version = v.version
        )
      ) ORDER BY v.view, v.version)
      FROM registry.view_versions v WHERE v.tenant_id = t.tenant_id
    ), '[]') AS views,
    coalesce((
      SELECT jsonb_agg(jsonb_build_object(
        'service', s.name, 'version', s.version, 'features', to_jsonb(s.features), 'pinned', to_jsonb(s.pinned),
        'description', s.description, 'tags', to_jsonb(s.tags), 'owner', s.owner,
        'createdAt', registry.rfc3339(s.created_at)
      ) ORDER BY s.name, s.version)
      FROM registry.services s WHERE s.tenant_id = t.tenant_id
    ), '[]') AS services,
    coalesce((
      SELECT jsonb_agg(jsonb_build_object(
        'name', e.name, 'revision', e.revision, 'fields', e.fields, 'eventTime', e.event_time, 'eventId', e.event_id,
        'retentionDays', e.retention_days, 'dedupeDays', e.dedupe_days, 'description', e.description,
        'tags', to_jsonb(e.tags), 'owner', e.owner,
        'createdAt', registry.rfc3339(e.created_at), 'updatedAt', registry.rfc3339(e.updated_at)
      ) ORDER BY e.name)
      FROM registry.sources e WHERE e.tenant_id = t.tenant_id
    ), '[]') AS sources
  FROM registry.tenants t
  WHERE t.tenant_id = $1`;

// One schema for all texts: a cold start makes each of these, and 70 more were 1 ms of it.
const text = z.string();
const texts = z.array(text);
const textOrNull = z.nullable(text);
const numberOrNull = z.nullable(z.number());
const whole = z.int();

const featureSchema = z.object({
  name: text,
  dtype: dtypeSchema,
  ttlHours: numberOrNull,
  description: text,
  tags: texts,
  position: whole,
  sinceRevision: whole,
  createdAt: text,
  updatedAt: text,
});

const streamSchema = z.object({
  source: text,
  entityKey: text,
  where: textOrNull,
  hop: textOrNull,
  aggregations: z.array(
    z.object({
      name: text,
      function: z.enum(aggregationFunctions),
      field: textOrNull,
      window: textOrNull,
      k: numberOrNull,
      p: numberOrNull,
      position: whole,
    }),
  ),
});

const viewVersionSchema = z.object({
  view: text,
  version: whole,
  revision: whole,
  entityType: text,
  table: text,
  // Not in snapshots of before there were streams.
  stream: z._default(z.nullable(streamSchema), null),
  ttlHours: numberOrNull,
  description: text,
  tags: texts,
  owner: textOrNull,
  retentionDays: whole,
  maxStalenessSeconds: numberOrNull,
  createdAt: text,
  updatedAt: text,
  features: z.array(featureSchema),
});

const serviceVersionSchema = z.object({
  service: text,
  version: whole,
  features: texts,
  pinned: texts,
  description: text,
  tags: texts,
  owner: textOrNull,
  createdAt: text,
});

const sourceSchema = z.object({
  name: text,
  revision: whole,
  fields: z.array(z.object({ name: text, dtype: dtypeSchema })),
  eventTime: text,
  eventId: textOrNull,
  retentionDays: whole,
  dedupeDays: whole,
  description: text,
  tags: texts,
  owner: textOrNull,
  createdAt: text,
  updatedAt: text,
});

/** How a published snapshot is read back. */
export const snapshotSchema = z.object({
  epoch: whole,
  views: z.array(z.object({ name: text, versions: z.array(viewVersionSchema).check(z.minLength(1)) })),
  services: z.array(z.object({ name: text, versions: z.array(serviceVersionSchema).check(z.minLength(1)) })),
  // Not in snapshots of before there were streams.
  sources: z._default(z.array(sourceSchema), []),
});

function groupViews(versions: readonly ViewVersion[]): FeatureView[] {
  return [...Map.groupBy(versions, ({ view }) => view)].map(([name, ofView]) => ({ name, versions: ofView }));
}

function groupServices(versions: readonly ServiceVersion[]): FeatureService[] {
  return [...Map.groupBy(versions, ({ service }) => service)].map(([name, ofService]) => ({
    name,
    versions: ofService,
  }));
}
