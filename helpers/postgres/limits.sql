-- The limits on connections, and how many client sessions count against each
-- needs: PostgreSQL >= 14; any role; takes no lock; cheap
-- source: PostgreSQL manual, max_connections, superuser_reserved_connections, reserved_connections (16+), CREATE ROLE and
--         CREATE DATABASE … CONNECTION LIMIT (neither holds for superusers)
-- $1: our own sessions' application_name prefix, left out (text)
-- $2: the smallest limit of a role or database that is looked at (int)
with sessions as (
    select usesysid, datid from pg_stat_activity
    -- another role's backend_type is hidden without pg_read_all_stats; its database is not
    where (backend_type = 'client backend' or (backend_type is null and datid is not null)) and not starts_with(coalesce(application_name, ''), $1)
)
select 'server' as kind, '' as name, (select count(*) from sessions)::int as used,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
       - coalesce(current_setting('reserved_connections', true)::int, 0) as allowed
union all
select 'role', r.rolname::text, (select count(*) from sessions s where s.usesysid = r.oid)::int, r.rolconnlimit
from pg_roles r where r.rolconnlimit >= $2 and not r.rolsuper
union all
select 'database', d.datname::text, (select count(*) from sessions s where s.datid = d.oid)::int, d.datconnlimit
from pg_database d where d.datconnlimit >= $2
