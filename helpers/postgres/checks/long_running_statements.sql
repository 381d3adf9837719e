-- Statements of client sessions that run now, the longest first
-- needs: PostgreSQL >= 14; pg_monitor to see other roles' sessions; takes no lock; cheap
-- source: PostgreSQL manual, pg_stat_activity
-- $1: our own sessions' application_name prefix, left out (text)
select pid, usename::text as usename, coalesce(application_name, '') as application_name, datname::text as datname,
       extract(epoch from clock_timestamp() - query_start)::float8 as running_s,
       wait_event_type, wait_event, left(query, 600) as query
from pg_stat_activity
where state = 'active' and backend_type = 'client backend' and not starts_with(coalesce(application_name, ''), $1)
order by query_start
