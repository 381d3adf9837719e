-- Every client session: who it is, what state it is in and for how long
-- needs: PostgreSQL >= 14; pg_read_all_stats to see other roles' states; takes no lock; cheap
-- source: PostgreSQL manual, pg_stat_activity; pg_signal_backend
-- $1: our own sessions' application_name prefix, left out (text)
select a.pid, a.backend_start, coalesce(a.application_name, '') as application_name, coalesce(a.usename, '')::text as usename,
       coalesce(a.datname, '')::text as datname, coalesce(host(a.client_addr), 'local') as client_addr, coalesce(a.state, '') as state,
       coalesce(extract(epoch from clock_timestamp() - a.state_change), 0)::float8 as in_state_s,
       coalesce(extract(epoch from clock_timestamp() - a.xact_start), 0)::float8 as in_transaction_s,
       coalesce(a.wait_event_type = 'Lock', false) as waits_for_lock, left(coalesce(a.query, ''), 600) as query,
       case when coalesce(r.rolsuper, false) then (select rolsuper from pg_roles where rolname = current_user)
            else coalesce(pg_has_role(a.usesysid, 'member') or pg_has_role('pg_signal_backend', 'member'), false) end as may_end
from pg_stat_activity a
left join pg_roles r on r.oid = a.usesysid
where (a.backend_type = 'client backend' or (a.backend_type is null and a.datid is not null))
  and not starts_with(coalesce(a.application_name, ''), $1)
