-- What the WAL archiver counted
-- needs: PostgreSQL >= 14; any role; takes no lock; cheap
-- source: PostgreSQL manual, pg_stat_archiver
select current_setting('archive_mode') as mode, archived_count::int as archived, failed_count::int as failed,
       extract(epoch from clock_timestamp() - last_archived_time)::float8 as last_archived_ago_s,
       extract(epoch from clock_timestamp() - last_failed_time)::float8 as last_failed_ago_s, last_failed_wal
from pg_stat_archiver
