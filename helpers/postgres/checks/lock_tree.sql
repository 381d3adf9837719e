-- Sessions that wait for a lock, and the sessions that block them
-- needs: PostgreSQL >= 14; pg_read_all_stats to see other roles' sessions; takes no lock; pg_blocking_pids only for sessions that wait
-- source: PostgreSQL manual, pg_blocking_pids(), pg_locks.waitstart
-- $1: our own sessions' application_name prefix, left out (text)
with waiting as materialized (
    select pid, pg_blocking_pids(pid) as blocked_by
    from pg_stat_activity
    where wait_event_type = 'Lock' and not starts_with(coalesce(application_name, ''), $1)
), heads as (
    select unnest(blocked_by) as pid from waiting except select pid from waiting
), involved as (
    select pid, blocked_by from waiting
    union all
    select pid, '{}' from heads
)
select i.pid, i.blocked_by, coalesce(a.application_name, '') as application_name, a.usename::text as usename, a.datname::text as datname,
    a.client_addr::text as client_addr, a.state, a.wait_event_type, a.wait_event, a.backend_type, a.backend_start,
    coalesce(extract(epoch from clock_timestamp() - l.waitstart), 0)::float8 as waiting_s,
    extract(epoch from clock_timestamp() - a.xact_start)::float8 as in_transaction_s,
    extract(epoch from clock_timestamp() - a.state_change)::float8 as in_state_s,
    l.locktype, l.mode, case when l.relation is not null then l.relation::regclass::text end as relation,
    left(a.query, 600) as query
from involved i
left join pg_stat_activity a on a.pid = i.pid
left join lateral (
    select locktype, mode, relation, waitstart from pg_locks where pg_locks.pid = i.pid and not granted limit 1
) l on true
order by cardinality(i.blocked_by), waiting_s desc
