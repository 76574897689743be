SET LOCAL ROLE feature_store_owner;

-- The registry: definitions, keyed by tenant. Row-level security is the second fence behind the WHERE clauses; it is
-- forced, so that the owner itself sees one tenant at a time.
CREATE SCHEMA registry;

CREATE TABLE registry.tenants (
  tenant_id text COLLATE "C" PRIMARY KEY,
  name text NOT NULL,
  -- Raised by every change; readers compare it with what they hold.
  epoch bigint NOT NULL DEFAULT 0,
  -- Of the tenant's own tables (latest), so that a later layout can go tenant by tenant.
  layout smallint NOT NULL DEFAULT 1
);

CREATE TABLE registry.view_versions (
  tenant_id text COLLATE "C" NOT NULL REFERENCES registry.tenants,
  view text COLLATE "C" NOT NULL,
  version int NOT NULL,
  -- Raised by every feature added in place; stamped on rows, so that a row knows which features it could have had.
  revision smallint NOT NULL,
  entity_type text NOT NULL,
  -- Versions that differ in TTLs alone share a table.
  view_table text COLLATE "C" NOT NULL,
  layout smallint NOT NULL DEFAULT 1,
  ttl_hours double precision,
  description text NOT NULL,
  tags text[] NOT NULL,
  owner text,
  retention_days int NOT NULL,
  max_staleness_seconds bigint,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, view, version)
);

CREATE TABLE registry.features (
  tenant_id text COLLATE "C" NOT NULL,
  view text COLLATE "C" NOT NULL,
  version int NOT NULL,
  name text COLLATE "C" NOT NULL,
  -- Place among the table's feature columns, from 0: its place in a cached row.
  position smallint NOT NULL,
  since_revision smallint NOT NULL,
  dtype text NOT NULL,
  ttl_hours double precision,
  description text NOT NULL,
  tags text[] NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, view, version, name),
  FOREIGN KEY (tenant_id, view, version) REFERENCES registry.view_versions
);

CREATE TABLE registry.services (
  tenant_id text COLLATE "C" NOT NULL REFERENCES registry.tenants,
  name text COLLATE "C" NOT NULL,
  version int NOT NULL,
  features text[] NOT NULL,
  pinned text[] NOT NULL,
  description text NOT NULL,
  tags text[] NOT NULL,
  owner text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, name, version)
);

DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['tenants', 'view_versions', 'features', 'services'] LOOP
    EXECUTE format('ALTER TABLE registry.%I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE registry.%I FORCE ROW LEVEL SECURITY', table_name);
    EXECUTE format(
      'CREATE POLICY one_tenant ON registry.%I USING (tenant_id = current_setting(''feature_store.tenant_id'', true))',
      table_name
    );
  END LOOP;
END
$$;

CREATE FUNCTION registry.rfc3339(moment timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
