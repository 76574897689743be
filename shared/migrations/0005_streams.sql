SET LOCAL ROLE feature_store_owner;

-- Where events come from. Its tables are its name with a suffix (shared/events).
CREATE TABLE registry.sources (
  tenant_id text COLLATE "C" NOT NULL REFERENCES registry.tenants,
  name text COLLATE "C" NOT NULL,
  -- Raised by every field added in place.
  revision smallint NOT NULL,
  -- [{name, dtype}] in the order of their columns, which an object of jsonb would not keep.
  fields jsonb NOT NULL,
  event_time text NOT NULL,
  event_id text,
  retention_days int NOT NULL,
  dedupe_days int NOT NULL,
  layout smallint NOT NULL DEFAULT 1,
  description text NOT NULL,
  tags text[] NOT NULL,
  owner text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, name)
);
ALTER TABLE registry.sources ENABLE ROW LEVEL SECURITY;
ALTER TABLE registry.sources FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON registry.sources USING (tenant_id = current_setting('feature_store.tenant_id', true));

-- How a stream view makes its features; null for a batch view.
ALTER TABLE registry.view_versions ADD COLUMN stream jsonb;
