SET LOCAL ROLE feature_store_owner;

-- What whoever writes or reads a source's events must know, however old the registry that it holds.
CREATE TABLE feature_store.event_sources (
  tenant_id text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  -- Events are stored by those alone who hold the tenant's registry of this epoch or a later one (docs/adr/0012).
  epoch int NOT NULL DEFAULT 0,
  -- Of event times before it the raw events are dropped, and the tiles alone tell.
  events_from timestamptz NOT NULL DEFAULT '-infinity',
  -- Until then one job alone begins to make an index of its events: two that begin at once wait for each other.
  indexing_until timestamptz NOT NULL DEFAULT '-infinity',
  indexing_by text,
  PRIMARY KEY (tenant_id, source)
);
GRANT SELECT ON feature_store.event_sources TO feature_store_writer, feature_store_reader;

-- A stream view's table and what came of its source before the view did.
CREATE TABLE feature_store.backfills (
  tenant_id text COLLATE "C" NOT NULL,
  view_table text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  -- Of the registry that has the view: events stored under an older one are the backfill's, all others were counted as they came.
  epoch int NOT NULL,
  -- waiting: such events may still come. running: they are counted. done.
  status text NOT NULL DEFAULT 'waiting',
  events_done bigint NOT NULL DEFAULT 0,
  -- Null until they are counted.
  events_total bigint,
  -- How far it is: where the partition or chunk begins, its file, and the block that is next.
  segment_from timestamptz,
  file_node bigint,
  next_block bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  PRIMARY KEY (tenant_id, view_table)
);
CREATE INDEX ON feature_store.backfills (created_at) WHERE status <> 'done';
GRANT SELECT ON feature_store.backfills TO feature_store_reader;

-- What tables of events made from now on have from the start (create-event-tables.ts). Views that are there count what came
-- since they came: what came before stays uncounted.
DO $$
DECLARE
  schema_name text;
  table_name text;
BEGIN
  FOR schema_name, table_name IN
    SELECT nspname, seen.relname FROM pg_class AS seen JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname ~ '^t_[a-z]{12}$' AND seen.relname ~ '_seen$' AND EXISTS (
      SELECT FROM pg_attribute WHERE attrelid = seen.oid AND attname = 'received_at')
  LOOP
    INSERT INTO feature_store.event_sources (tenant_id, source) VALUES (schema_name, regexp_replace(table_name, '_seen$', ''));
    EXECUTE format(
      'ALTER TABLE %I.%I ADD COLUMN _epoch int NOT NULL DEFAULT 0',
      schema_name, regexp_replace(table_name, '_seen$', '_events'));
  END LOOP;
END
$$;
