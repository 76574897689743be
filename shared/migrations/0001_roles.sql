-- Three roles: the owner migrates and registers, the writer ingests, the reader answers online. In AWS each function
-- logs in as its own; on a laptop one login acts as each (SET ROLE), which is why the migrating user is a member.
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['feature_store_owner', 'feature_store_writer', 'feature_store_reader'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I LOGIN', role_name);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL; -- another database of this server has made it
    END;
    EXECUTE format('GRANT %I TO CURRENT_USER', role_name);
  END LOOP;
  EXECUTE format('GRANT CREATE, CONNECT ON DATABASE %I TO feature_store_owner', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO feature_store_writer, feature_store_reader', current_database());

  -- A write is committed or gone 10 s after it began, which is what makes an older known_at repeatable for ever.
  ALTER ROLE feature_store_writer SET statement_timeout = '9s';
  ALTER ROLE feature_store_reader SET statement_timeout = '5s';
  ALTER ROLE feature_store_owner SET statement_timeout = '30s'; -- point-in-time reads on AWS
  ALTER ROLE feature_store_writer SET idle_in_transaction_session_timeout = '10s';
  ALTER ROLE feature_store_owner SET idle_in_transaction_session_timeout = '60s';
  IF current_setting('server_version_num')::int >= 170000 THEN
    ALTER ROLE feature_store_writer SET transaction_timeout = '10s';
  END IF;
END
$$;
