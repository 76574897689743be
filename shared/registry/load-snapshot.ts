import { z } from 'zod';
import { dtypeSchema } from '../contract/dtypes.ts';
import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';
import type { FeatureService, FeatureView, RegistrySnapshot, ServiceVersion, ViewVersion } from './model.ts';

/** Everything the tenant has registered, from Postgres, which is the truth of it. Within a tenant transaction. */
export async function loadSnapshot(query: Queryable, { tenantId }: TenantContext): Promise<RegistrySnapshot> {
  const [row] = await query.rows<{ epoch: number; views: unknown; services: unknown }>({
    name: 'load_registry',
    text: loadRegistry,
    values: [tenantId],
  });
  if (row === undefined) return { epoch: 0, views: [], services: [] };
  return {
    epoch: row.epoch,
    views: groupViews(z.array(viewVersionSchema).parse(row.views)),
    services: groupServices(z.array(serviceVersionSchema).parse(row.services)),
  };
}

const loadRegistry = `
  SELECT
    t.epoch::float8 AS epoch,
    coalesce((
      SELECT jsonb_agg(jsonb_build_object(
        'view', v.view, 'version', v.version, 'revision', v.revision, 'entityType', v.entity_type,
        'table', v.view_table, 'ttlHours', v.ttl_hours, 'description', v.description, 'tags', to_jsonb(v.tags),
        'owner', v.owner, 'retentionDays', v.retention_days, 'maxStalenessSeconds', v.max_staleness_seconds,
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
    ), '[]') AS services
  FROM registry.tenants t
  WHERE t.tenant_id = $1`;

const featureSchema = z.object({
  name: z.string(),
  dtype: dtypeSchema,
  ttlHours: z.number().nullable(),
  description: z.string(),
  tags: z.array(z.string()),
  position: z.number().int(),
  sinceRevision: z.number().int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

const viewVersionSchema = z.object({
  view: z.string(),
  version: z.number().int(),
  revision: z.number().int(),
  entityType: z.string(),
  table: z.string(),
  ttlHours: z.number().nullable(),
  description: z.string(),
  tags: z.array(z.string()),
  owner: z.string().nullable(),
  retentionDays: z.number().int(),
  maxStalenessSeconds: z.number().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
  features: z.array(featureSchema),
});

const serviceVersionSchema = z.object({
  service: z.string(),
  version: z.number().int(),
  features: z.array(z.string()),
  pinned: z.array(z.string()),
  description: z.string(),
  tags: z.array(z.string()),
  owner: z.string().nullable(),
  createdAt: z.string(),
});

/** How a published snapshot is read back. */
export const snapshotSchema = z.object({
  epoch: z.number().int(),
  views: z.array(z.object({ name: z.string(), versions: z.array(viewVersionSchema).min(1) })),
  services: z.array(z.object({ name: z.string(), versions: z.array(serviceVersionSchema).min(1) })),
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
