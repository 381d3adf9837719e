-- Sessions that are idle in a transaction, the longest idle first
-- needs: PostgreSQL >= 14; pg_monitor to see other roles' sessions; takes no lock; cheap
-- source: PostgreSQL manual, pg_stat_activity
select pid, usename::text as usename, coalesce(application_name, '') as application_name, datname::text as datname,
       client_addr::text as client_addr, state,
       extract(epoch from clock_timestamp() - state_change)::float8 as idle_s,
       extract(epoch from clock_timestamp() - xact_start)::float8 as in_transaction_s,
       age(backend_xmin) as xmin_age, backend_start
from pg_stat_activity
where state in ('idle in transaction', 'idle in transaction (aborted)') and pid <> pg_backend_pid()
order by state_change
