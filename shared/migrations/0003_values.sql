SET LOCAL ROLE feature_store_owner;

-- What the value tables of all tenants share.
CREATE SCHEMA feature_store;
GRANT USAGE ON SCHEMA feature_store TO feature_store_writer, feature_store_reader;

-- Written in the transaction of the rows, deleted once the cache has them: what a crash in between leaves here is
-- projected by the next write of the tenant and by the sweep. One table for all tenants, so that a sweep is one query.
CREATE TABLE feature_store.pending_projections (
  id uuid PRIMARY KEY,
  tenant_id text COLLATE "C" NOT NULL,
  entity_type text NOT NULL,
  view_table text COLLATE "C" NOT NULL,
  entity_ids text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON feature_store.pending_projections (tenant_id, created_at);
CREATE INDEX ON feature_store.pending_projections (created_at);
GRANT SELECT, INSERT, DELETE ON feature_store.pending_projections TO feature_store_writer;

-- Makes the monthly partitions of a view table where they are missing. The lock lets one caller at a time in and neither
-- reads nor writes wait; the partition is made apart and attached, since CREATE TABLE … PARTITION OF would lock the
-- whole table. Runs as the owner, because the writer may make no tables.
CREATE FUNCTION feature_store.ensure_partitions(tenant_schema text, view_table text, months date[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s'
AS $$
DECLARE
  month date;
  partition text;
BEGIN
  IF tenant_schema !~ '^t_[a-z]{12}$' THEN
    RAISE EXCEPTION 'not a tenant schema: %', tenant_schema USING ERRCODE = 'invalid_schema_name';
  END IF;
  EXECUTE format('LOCK TABLE %I.%I IN SHARE UPDATE EXCLUSIVE MODE', tenant_schema, view_table);
  FOREACH month IN ARRAY months LOOP
    partition := view_table || to_char(month, '"_p"YYYYMM');
    IF to_regclass(format('%I.%I', tenant_schema, partition)) IS NULL THEN
      EXECUTE format('CREATE TABLE %I.%I (LIKE %I.%I INCLUDING ALL)', tenant_schema, partition, tenant_schema, view_table);
      EXECUTE format(
        'ALTER TABLE %I.%I ATTACH PARTITION %I.%I FOR VALUES FROM (%L) TO (%L)',
        tenant_schema, view_table, tenant_schema, partition,
        to_char(month, 'YYYY-MM-DD"T00:00:00Z"'), to_char(month + interval '1 month', 'YYYY-MM-DD"T00:00:00Z"')
      );
    END IF;
  END LOOP;
END
$$;
REVOKE ALL ON FUNCTION feature_store.ensure_partitions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feature_store.ensure_partitions TO feature_store_writer;
