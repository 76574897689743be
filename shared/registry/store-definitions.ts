import type { TenantContext } from '../platform/context.ts';
import type { Queryable } from '../platform/database.ts';
import type { ServiceVersion, StreamSource, ViewVersion } from './model.ts';

/** Inserts a view version with its features, or brings what is stored to it. */
export async function storeViewVersion(
  query: Queryable,
  { tenantId }: TenantContext,
  version: ViewVersion,
): Promise<void> {
  await query.rows({
    name: 'store_view_version',
    text: `
      INSERT INTO registry.view_versions (
        tenant_id, view, version, revision, entity_type, view_table, ttl_hours, description, tags, owner,
        retention_days, max_staleness_seconds, created_at, updated_at, stream)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15::text::jsonb)
      ON CONFLICT (tenant_id, view, version) DO UPDATE SET
        revision = excluded.revision, description = excluded.description, tags = excluded.tags, owner = excluded.owner,
        retention_days = excluded.retention_days, max_staleness_seconds = excluded.max_staleness_seconds,
        updated_at = excluded.updated_at`,
    values: [
      tenantId,
      version.view,
      version.version,
      version.revision,
      version.entityType,
      version.table,
      version.ttlHours,
      version.description,
      version.tags,
      version.owner,
      version.retentionDays,
      version.maxStalenessSeconds,
      version.createdAt,
      version.updatedAt,
      version.stream === null ? null : JSON.stringify(version.stream),
    ],
  });
  await query.rows({
    name: 'store_features',
    text: `
      INSERT INTO registry.features (
        tenant_id, view, version, name, position, since_revision, dtype, ttl_hours, description, tags, created_at, updated_at)
      SELECT $1, $2, $3, f.name, f.position, f."sinceRevision", f.dtype, f."ttlHours", f.description, f.tags,
        f."createdAt", f."updatedAt"
      FROM jsonb_to_recordset($4::text::jsonb) AS f(
        name text, position smallint, "sinceRevision" smallint, dtype text, "ttlHours" double precision,
        description text, tags text[], "createdAt" timestamptz, "updatedAt" timestamptz)
      ON CONFLICT (tenant_id, view, version, name) DO UPDATE SET
        description = excluded.description, tags = excluded.tags, updated_at = excluded.updated_at`,
    values: [tenantId, version.view, version.version, JSON.stringify(version.features)],
  });
}

export async function storeServiceVersion(
  query: Queryable,
  { tenantId }: TenantContext,
  version: ServiceVersion,
): Promise<void> {
  await query.rows({
    name: 'store_service_version',
    text: `
      INSERT INTO registry.services (tenant_id, name, version, features, pinned, description, tags, owner, created_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    values: [
      tenantId,
      version.service,
      version.version,
      version.features,
      version.pinned,
      version.description,
      version.tags,
      version.owner,
      version.createdAt,
    ],
  });
}

/** Inserts a source, or brings what is stored to it. */
export async function storeSource(query: Queryable, { tenantId }: TenantContext, source: StreamSource): Promise<void> {
  await query.rows({
    name: 'store_source',
    text: `
      INSERT INTO registry.sources (
        tenant_id, name, revision, fields, event_time, event_id, retention_days, dedupe_days, description, tags, owner,
        created_at, updated_at)
      VALUES ($1, $2, $3, $4::text::jsonb, $5, $6, $7, $8, $9, $10, $11, $12, $13)
      ON CONFLICT (tenant_id, name) DO UPDATE SET
        revision = excluded.revision, fields = excluded.fields, retention_days = excluded.retention_days,
        dedupe_days = excluded.dedupe_days, description = excluded.description, tags = excluded.tags,
        owner = excluded.owner, updated_at = excluded.updated_at`,
    values: [
      tenantId,
      source.name,
      source.revision,
      JSON.stringify(source.fields),
      source.eventTime,
      source.eventId,
      source.retentionDays,
      source.dedupeDays,
      source.description,
      source.tags,
      source.owner,
      source.createdAt,
      source.updatedAt,
    ],
  });
}
