-- Who holds back the rows that VACUUM may remove in this database, the oldest first
-- needs: PostgreSQL >= 14; pg_read_all_stats to see other roles' sessions; takes no lock; cheap
-- source: PostgreSQL manual, "Routine Vacuuming", pg_stat_activity.backend_xmin, pg_prepared_xacts, pg_replication_slots.xmin;
--         procarray.c, ComputeXidHorizons: VACUUM itself holds nothing back, nor do sessions of other databases
-- $1: our own sessions' application_name prefix, left out (text)
with holders as (
    select 'session' as kind, coalesce(a.application_name, '') as name, a.pid,
           case when age(a.backend_xid) >= coalesce(age(a.backend_xmin), 0) then a.backend_xid else a.backend_xmin end as xmin,
           -- without a transaction id of its own, a statement that runs may have taken its snapshot when it began
           case when a.state = 'active' and a.backend_xid is null then a.query_start else a.xact_start end as since,
           a.state = 'active' as active, coalesce(a.state, '') as state, a.backend_type, a.backend_start, coalesce(a.usename, '')::text as usename,
           coalesce(pg_has_role(a.usesysid, 'member') or pg_has_role('pg_signal_backend', 'member'), false) as may_end
    from pg_stat_activity a
    where a.datname = current_database() and (a.backend_xmin is not null or a.backend_xid is not null)
      and a.pid <> pg_backend_pid() and a.backend_type not in ('walsender', 'parallel worker')
      and not starts_with(coalesce(a.application_name, ''), $1)
      and not exists (select from pg_stat_progress_vacuum p where p.pid = a.pid)
    union all
    select 'prepared', gid, null, transaction, prepared, false, 'prepared', '', null, owner::text,
           owner = current_user or (select rolsuper from pg_roles where rolname = current_user)
    from pg_prepared_xacts where database = current_database()
    union all
    select 'slot', slot_name::text, active_pid, xmin, null, active, case when active then 'active' else 'inactive' end, '', null, '', false
    from pg_replication_slots where xmin is not null
    union all
    select 'standby', coalesce(r.application_name, ''), r.pid, r.backend_xmin, r.backend_start, true, coalesce(r.state, ''), 'walsender',
           r.backend_start, coalesce(r.usename, '')::text, false
    from pg_stat_replication r where r.backend_xmin is not null
)
select kind, name, pid, xmin::text as xmin, age(xmin) as age_xids, since, extract(epoch from clock_timestamp() - since)::float8 as held_s,
       active, state, backend_type, backend_start, usename, may_end
from holders
order by age(xmin) desc, since
