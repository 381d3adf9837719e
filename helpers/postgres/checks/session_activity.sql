-- Client sessions by application, state and wait event, active ones first
-- needs: PostgreSQL >= 14; pg_monitor to see other roles' sessions; takes no lock; cheap
-- source: PostgreSQL manual, pg_stat_activity
-- $1: our own sessions' application_name prefix, left out (text)
select coalesce(application_name, '') as application_name, coalesce(state, '') as state,
       coalesce(wait_event_type, '') as wait_event_type, coalesce(wait_event, '') as wait_event,
       count(*)::int as sessions, extract(epoch from clock_timestamp() - min(case when state = 'active' then query_start else state_change end))::float8 as longest_s
from pg_stat_activity
where backend_type = 'client backend' and not starts_with(coalesce(application_name, ''), $1)
group by 1, 2, 3, 4
order by bool_or(state = 'active') desc nulls last, sessions desc, 1, 3, 4
