-- Receivers of this server's WAL and how far behind they are
-- needs: PostgreSQL >= 14; pg_monitor to see positions; takes no lock; cheap
-- source: PostgreSQL manual, pg_stat_replication
select pid, coalesce(application_name, '') as application_name, host(client_addr) as client_addr, state, sync_state,
       pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end,
                       coalesce(replay_lsn, flush_lsn, write_lsn, sent_lsn))::bigint as lag_bytes,
       extract(epoch from coalesce(replay_lag, flush_lag))::float8 as lag_s, pg_size_bytes(current_setting('max_wal_size')) as max_wal_bytes
from pg_stat_replication
where state is distinct from 'backup'
order by lag_bytes desc nulls last, 1
