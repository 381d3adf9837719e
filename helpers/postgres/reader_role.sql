-- A role for diagnosis that can look and nothing else. Run it as a superuser or a role with CREATEROLE, once per cluster:
--   psql -v password="'…'" -v database=app -f reader_role.sql
-- Then give the profile this role's address. Fixes need another role, for `--apply` only.
create role runbook_reader login password :password
    nosuperuser nocreatedb nocreaterole noreplication nobypassrls connection limit 5;
grant pg_monitor to runbook_reader;         -- sees everyone's activity, statistics and settings
grant pg_read_all_data to runbook_reader;   -- EXPLAIN and probes read application tables; leave it out to keep them closed
-- PostgreSQL 16 and newer: a slot is kept for diagnosis when the application has taken all others
--   grant pg_use_reserved_connections to runbook_reader;
alter role runbook_reader set default_transaction_read_only = on;
alter role runbook_reader set statement_timeout = '10s';
alter role runbook_reader set lock_timeout = '500ms';
alter role runbook_reader set idle_in_transaction_session_timeout = '15s';
revoke create, temporary on database :"database" from runbook_reader;
