SET LOCAL ROLE feature_store_owner;

-- Of tables through which the maintenance job goes once a day, part by part (shared/maintenance/daily-pass.ts): when the last
-- whole pass began, when the one under way did, and how far it is.
ALTER TABLE feature_store.maintained
  ADD COLUMN passed_at timestamptz NOT NULL DEFAULT '-infinity',
  ADD COLUMN passing_since timestamptz,
  ADD COLUMN passed_to text COLLATE "C" NOT NULL DEFAULT '';
