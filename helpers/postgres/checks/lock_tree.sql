-- Sessions that wait for a lock, and the sessions that block them
-- needs: PostgreSQL >= 14; pg_read_all_stats to see other roles' sessions; takes no lock; pg_blocking_pids only for sessions that wait
-- source: PostgreSQL manual, pg_blocking_pids(), pg_locks.waitstart; README.tuplock: who waits for a row's transaction holds the row's tuple lock
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
), locks as materialized (
    -- a relation's name is known in its own database only
    select pid, locktype, mode, granted, waitstart,
        case when database in (0, (select oid from pg_database where datname = current_database())) then relation end as relation
    from pg_locks where exists (select from waiting)
), wanted as materialized (
    select distinct on (l.pid) l.pid, l.locktype, l.mode, l.waitstart, coalesce(l.relation, t.relation) as relation
    from locks l
    left join locks t on t.pid = l.pid and t.granted and t.locktype = 'tuple' and l.locktype = 'transactionid'
    where not l.granted
    order by l.pid
)
select i.pid, i.blocked_by, coalesce(a.application_name, '') as application_name, a.usename::text as usename, a.datname::text as datname,
    a.client_addr::text as client_addr, a.state, a.wait_event_type, a.wait_event, a.backend_type, a.backend_start,
    coalesce(extract(epoch from clock_timestamp() - l.waitstart), 0)::float8 as waiting_s,
    extract(epoch from clock_timestamp() - a.xact_start)::float8 as in_transaction_s,
    extract(epoch from clock_timestamp() - a.state_change)::float8 as in_state_s,
    l.locktype, l.mode,
    case when l.relation is not null then l.relation::regclass::text else (
        -- an INSERT that waits for another one's key holds no tuple lock: the table it writes to and names
        select min(c.oid::regclass::text)
        from locks g join pg_class c on c.oid = g.relation
        where l.locktype = 'transactionid' and g.pid = i.pid and g.granted and g.mode = 'RowExclusiveLock' and c.relkind in ('r', 'p')
            and position(c.relname in a.query) > 0
    ) end as relation,
    left(a.query, 600) as query
from involved i
left join pg_stat_activity a on a.pid = i.pid
left join wanted l on l.pid = i.pid
order by cardinality(i.blocked_by), waiting_s desc
