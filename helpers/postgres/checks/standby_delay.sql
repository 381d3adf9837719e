-- How this standby receives and replays
-- needs: PostgreSQL >= 14; any role; takes no lock; cheap
-- source: PostgreSQL manual, "Recovery Information Functions"; a restore from the archive alone has no receiver
select pg_is_in_recovery() as standby,
       exists (select from pg_stat_get_wal_receiver() where pid is not null) as receiving,
       case when pg_is_in_recovery() then pg_is_wal_replay_paused() else false end as paused,
       pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::bigint as waiting_bytes,
       extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())::float8 as last_commit_ago_s
