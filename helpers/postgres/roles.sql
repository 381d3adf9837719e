-- One role: its connection limit, how many connections it has, and whether the asking role may alter it
-- needs: PostgreSQL >= 14; any role; takes no lock; cheap
-- source: PostgreSQL manual, ALTER ROLE: CREATEROLE, and from 16 on ADMIN OPTION on the role, too; superusers only by superusers
-- $1: the role (text)
select r.rolsuper as superuser, r.rolconnlimit as connection_limit,
       (select count(*) from pg_stat_activity where usesysid = r.oid)::int as sessions,
       me.rolsuper or (me.rolcreaterole and not r.rolsuper and not r.rolreplication
                       and (current_setting('server_version_num')::int < 160000 or pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION'))) as may_alter,
       r.oid = me.oid as myself
from pg_roles r join pg_roles me on me.rolname = current_user
where r.rolname = $1
