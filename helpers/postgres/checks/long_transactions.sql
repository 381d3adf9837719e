-- Open transactions, the oldest first
-- needs: PostgreSQL >= 14; pg_monitor to see other roles' sessions; takes no lock; cheap
-- source: PostgreSQL manual, pg_stat_activity
-- $1: our own sessions' application_name prefix, left out (text)
select pid, usename::text as usename, coalesce(application_name, '') as application_name, datname::text as datname,
       backend_type, state, extract(epoch from clock_timestamp() - xact_start)::float8 as open_s,
       backend_xid is not null as wrote, age(backend_xmin) as xmin_age
from pg_stat_activity
where xact_start is not null and not starts_with(coalesce(application_name, ''), $1)
order by xact_start
