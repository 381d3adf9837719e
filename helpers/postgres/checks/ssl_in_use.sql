-- Client sessions by role, application, address and encryption
-- needs: PostgreSQL >= 14; pg_monitor to see other roles' sessions; takes no lock; cheap
-- source: PostgreSQL manual, pg_stat_ssl, pg_stat_gssapi
-- $1: networks over which plain text is fine (text[])
select a.usename::text as usename, coalesce(a.application_name, '') as application_name, host(a.client_addr) as client_addr,
       coalesce(s.ssl, false) or coalesce(g.encrypted, false) as encrypted,
       a.client_addr is null or a.client_addr <<= any ($1::inet[]) as local, s.version, count(*)::int as sessions
from pg_stat_activity a
left join pg_stat_ssl s on s.pid = a.pid
left join pg_stat_gssapi g on g.pid = a.pid
where a.backend_type = 'client backend'
group by 1, 2, 3, 4, 5, 6
order by 4, sessions desc, 1, 2, 3
