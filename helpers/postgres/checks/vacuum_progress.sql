-- VACUUMs that run in this database
-- needs: PostgreSQL >= 14; pg_monitor to see other roles' and autovacuum's; takes no lock; cheap
-- source: PostgreSQL manual, pg_stat_progress_vacuum
select p.pid, p.relid::regclass::text as table, p.phase,
       round(100.0 * p.heap_blks_scanned / nullif(p.heap_blks_total, 0), 1)::float8 as scanned_pct, p.index_vacuum_count::int as index_rounds,
       a.backend_type = 'autovacuum worker' as autovacuum, extract(epoch from clock_timestamp() - coalesce(a.xact_start, a.query_start))::float8 as running_s
from pg_stat_progress_vacuum p
left join pg_stat_activity a on a.pid = p.pid
where p.datname = current_database()
order by running_s desc nulls last, p.pid
