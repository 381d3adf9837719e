-- Client sessions by role, application and state
-- needs: PostgreSQL >= 14; pg_monitor to see states; takes no lock; cheap
-- source: PostgreSQL manual, pg_stat_activity, pg_roles.rolconnlimit
select coalesce(a.usename::text, '') as usename, coalesce(a.application_name, '') as application_name, coalesce(a.state, '') as state,
       count(*)::int as sessions,
       extract(epoch from clock_timestamp() - min(a.state_change))::float8 as oldest_in_state_s,
       coalesce(min(r.rolconnlimit), -1) as role_limit
from pg_stat_activity a
left join pg_roles r on r.oid = a.usesysid
-- another role's backend_type is hidden without pg_read_all_stats; its database is not
where a.backend_type = 'client backend' or (a.backend_type is null and a.datid is not null)
group by 1, 2, 3
order by sessions desc, 1, 2, 3
