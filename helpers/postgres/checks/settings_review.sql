-- The server's value of some settings, and the roles and databases that override them
-- needs: PostgreSQL >= 14; any role; takes no lock; cheap
-- source: PostgreSQL manual, pg_settings.reset_val (what a new session of this role starts with), pg_db_role_setting
-- $1: names of settings (text[])
select setting, value, shown, scope from (
select name as setting, reset_val as value, case when unit is null then reset_val else reset_val || ' x ' || unit end as shown, 'server' as scope, 1 as place
from pg_settings where name = any ($1::text[])
union all
select split_part(entry, '=', 1), substr(entry, strpos(entry, '=') + 1), substr(entry, strpos(entry, '=') + 1),
       concat_ws(' in ', case when r.setrole <> 0 then 'role ' || quote_ident(pg_get_userbyid(r.setrole)) end,
                 case when r.setdatabase <> 0 then 'database ' || quote_ident((select datname from pg_database where oid = r.setdatabase)) end), 2
from pg_db_role_setting r, unnest(r.setconfig) as entry
where split_part(entry, '=', 1) = any ($1::text[])
) as settings
order by place, setting, scope
