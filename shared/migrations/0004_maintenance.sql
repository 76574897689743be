SET LOCAL ROLE feature_store_owner;

-- What the maintenance job knows of a view table. Each of its steps locks the row, so that two jobs at once take turns.
CREATE TABLE feature_store.maintained (
  tenant_id text COLLATE "C" NOT NULL,
  view_table text COLLATE "C" NOT NULL,
  -- The hours of all rows recorded by then are in changed_hours or in the statistics.
  statistics_through timestamptz NOT NULL DEFAULT '-infinity',
  -- Kept here, because the rows themselves may be dropped.
  newest_event_time timestamptz,
  -- When its last turn began: whose turn was longest ago comes first.
  maintained_at timestamptz,
  -- While native partitions are copied into chunks (convert-to-hypertable.ts): rows recorded before have been looked at in
  -- partitions of event times before.
  copied_recorded timestamptz,
  copied_events timestamptz,
  PRIMARY KEY (tenant_id, view_table)
);

-- Hours whose statistics are to be made again, where the maintenance job makes them.
CREATE TABLE feature_store.changed_hours (
  tenant_id text COLLATE "C" NOT NULL,
  view_table text COLLATE "C" NOT NULL,
  hour timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, view_table, hour)
);

-- What tables made from now on have from the start (create-view-table.ts).
DO $$
DECLARE
  schema_name text;
  table_name text;
BEGIN
  FOR schema_name IN SELECT nspname FROM pg_namespace WHERE nspname ~ '^t_[a-z]{12}$' LOOP
    EXECUTE format(
      'CREATE TABLE %I.carried (
         view_table text COLLATE "C" NOT NULL, entity_id text COLLATE "C" NOT NULL, event_time timestamptz NOT NULL,
         created_at timestamptz NOT NULL, recorded_at timestamptz NOT NULL, stored jsonb NOT NULL,
         PRIMARY KEY (view_table, entity_id))',
      schema_name
    );
    EXECUTE format('GRANT SELECT ON %I.carried TO feature_store_reader', schema_name);
  END LOOP;
  FOR schema_name, table_name IN
    SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind = 'p' AND nspname ~ '^t_[a-z]{12}$'
  LOOP
    EXECUTE format(
      'CREATE INDEX ON %I.%I USING brin (recorded_at, event_time timestamptz_minmax_multi_ops) WITH (autosummarize = on)',
      schema_name, table_name
    );
  END LOOP;
END
$$;

-- Those months that a view table has no partition of yet. None for a table that TimescaleDB cuts into chunks.
CREATE FUNCTION feature_store.missing_partitions(tenant_schema text, view_table text, months date[]) RETURNS date[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(array_agg(month ORDER BY month), '{}')
  FROM pg_class CROSS JOIN unnest(months) AS month
  WHERE pg_class.oid = to_regclass(format('%I.%I', tenant_schema, view_table)) AND relkind = 'p'
    AND to_regclass(format('%I.%I', tenant_schema, view_table || to_char(month, '"_p"YYYYMM'))) IS NULL
$$;
REVOKE ALL ON FUNCTION feature_store.missing_partitions FROM PUBLIC;

-- As before, but without the lock where nothing is missing: a new process asks of each month it meets, and an ANALYZE of
-- the table holds the same lock for minutes.
CREATE OR REPLACE FUNCTION feature_store.ensure_partitions(tenant_schema text, view_table text, months date[]) RETURNS void
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
  IF feature_store.missing_partitions(tenant_schema, view_table, months) = '{}' THEN
    RETURN;
  END IF;
  EXECUTE format('LOCK TABLE %I.%I IN SHARE UPDATE EXCLUSIVE MODE', tenant_schema, view_table);
  -- Again: who had the lock before may have made them.
  FOREACH month IN ARRAY feature_store.missing_partitions(tenant_schema, view_table, months) LOOP
    partition := view_table || to_char(month, '"_p"YYYYMM');
    EXECUTE format('CREATE TABLE %I.%I (LIKE %I.%I INCLUDING ALL)', tenant_schema, partition, tenant_schema, view_table);
    EXECUTE format(
      'ALTER TABLE %I.%I ATTACH PARTITION %I.%I FOR VALUES FROM (%L) TO (%L)',
      tenant_schema, view_table, tenant_schema, partition,
      to_char(month, 'YYYY-MM-DD"T00:00:00Z"'), to_char(month + interval '1 month', 'YYYY-MM-DD"T00:00:00Z"')
    );
  END LOOP;
END
$$;
