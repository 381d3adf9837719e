-- Replication slots and the WAL they keep
-- needs: PostgreSQL >= 14; any role; takes no lock; cheap
-- source: PostgreSQL manual, pg_replication_slots
select quote_ident(slot_name) as slot, slot_type, database::text as database, active, wal_status,
       pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, restart_lsn)::bigint as retained_bytes,
       current_setting('max_slot_wal_keep_size') <> '-1' as bounded, pg_size_bytes(current_setting('max_wal_size')) as max_wal_bytes
from pg_replication_slots
order by retained_bytes desc nulls last, 1
