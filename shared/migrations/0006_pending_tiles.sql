SET LOCAL ROLE feature_store_owner;

-- Whether the table is a stream view's: what the cache lacks are then tiles, not a row of `latest`.
ALTER TABLE feature_store.pending_projections ADD COLUMN is_stream boolean NOT NULL DEFAULT false;
