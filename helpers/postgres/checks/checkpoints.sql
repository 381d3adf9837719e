-- Checkpoints by time and by request
-- needs: PostgreSQL >= 14; any role; takes no lock; cheap
-- source: PostgreSQL manual, pg_stat_bgwriter
select checkpoints_timed::int as timed, checkpoints_req::int as requested, extract(epoch from clock_timestamp() - stats_reset)::float8 as seconds,
       extract(epoch from clock_timestamp() - stats_reset)::float8 / nullif(checkpoints_timed + checkpoints_req, 0) as mean_interval_s,
       extract(epoch from current_setting('checkpoint_timeout')::interval)::float8 as timeout_s, current_setting('max_wal_size') as max_wal_size
from pg_stat_bgwriter
