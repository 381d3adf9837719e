-- Index builds that run in this database
-- needs: PostgreSQL >= 14; pg_monitor to see other roles' builds; takes no lock; cheap
-- source: PostgreSQL manual, pg_stat_progress_create_index
select p.pid, p.relid::regclass::text as table, nullif(p.index_relid, 0)::regclass::text as index, p.command, p.phase,
       round(100.0 * coalesce(nullif(p.blocks_done, 0), p.tuples_done) / nullif(coalesce(nullif(p.blocks_total, 0), p.tuples_total), 0), 1)::float8 as done_pct,
       nullif(p.current_locker_pid, 0)::int as waits_for_pid, extract(epoch from clock_timestamp() - l.since)::float8 as waiting_s,
       extract(epoch from clock_timestamp() - a.query_start)::float8 as running_s
from pg_stat_progress_create_index p
left join pg_stat_activity a on a.pid = p.pid
left join lateral (select min(waitstart) as since from pg_locks where pg_locks.pid = p.pid and not granted) l on true
where p.datname = current_database()
order by waiting_s desc nulls last, p.pid
