-- Installed extensions and wanted ones, with what would bring them up to date
-- needs: PostgreSQL >= 14; pg_monitor to see what is preloaded; takes no lock; reads the control files
-- source: PostgreSQL manual, pg_available_extensions
-- $1: names of wanted extensions (text[])
with extensions as (
    select coalesce(e.extname, w.name)::text as name, e.extversion as installed_version, a.default_version,
           -- no row of pg_settings where the role may not see it
           e.extname = any ($1::text[]) as wanted, strpos((select setting from pg_settings where pg_settings.name = 'shared_preload_libraries'), e.extname::text) > 0 as loaded
    from pg_extension e
    full join unnest($1::text[]) as w (name) on w.name = e.extname
    left join pg_available_extensions a on a.name = coalesce(e.extname, w.name)
)
select name, installed_version, default_version,
       case when installed_version is null and default_version is null then 'install its package, then CREATE EXTENSION'
            when installed_version is null then format('CREATE EXTENSION %I', name)
            when wanted and not loaded then format('add %s to shared_preload_libraries and restart', name)
            when installed_version <> default_version then format('ALTER EXTENSION %I UPDATE', name)
            else '' end as remedy,
       not coalesce(wanted, false) or loaded is not null as known
from extensions
order by installed_version is not null, 1
