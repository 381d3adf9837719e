-- Tables with dead rows, and the count of them at which autovacuum starts
-- needs: PostgreSQL >= 14; any role; takes no lock; one pass over pg_class
-- source: PostgreSQL manual, "The Autovacuum Daemon"; pg_stat_all_tables' own functions
-- $1: a trigger below this many dead rows counts as this many (float8)
with tables as (
    select c.oid, c.relowner, greatest(c.reltuples, 0)::float8 as rows, pg_stat_get_dead_tuples(c.oid) as dead_rows,
           (select jsonb_object_agg(option_name, option_value) from pg_options_to_table(c.reloptions)) as own,
           coalesce((select array_agg(option_name || '=' || option_value) from pg_options_to_table(c.reloptions)
                     where starts_with(option_name, 'autovacuum_')), '{}') as options,
           greatest(pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid)) as vacuumed_at
    from pg_class c
    where c.relkind in ('r', 'm') and c.relpersistence <> 't' and pg_stat_get_dead_tuples(c.oid) > 0
      and c.relnamespace <> all (array['pg_catalog'::regnamespace, 'information_schema'::regnamespace])
), server as (
    select current_setting('autovacuum_vacuum_threshold')::float8 as threshold, current_setting('autovacuum_vacuum_scale_factor')::float8 as factor,
           -- PostgreSQL 18 and newer; -1 switches it off
           current_setting('autovacuum_vacuum_max_threshold', true)::float8 as most,
           pg_has_role(d.datdba, 'member') as owns_database
    from pg_database d where d.datname = current_database()
), triggers as (
    select t.*, s.owns_database,
           least(coalesce((own ->> 'autovacuum_vacuum_threshold')::float8, threshold)
                     + t.rows * coalesce((own ->> 'autovacuum_vacuum_scale_factor')::float8, factor),
                 nullif(coalesce((own ->> 'autovacuum_vacuum_max_threshold')::float8, most), -1)) as own_trigger,
           least(threshold + t.rows * factor, nullif(most, -1)) as usual_trigger
    from tables t cross join server s
)
select oid::regclass::text as table, oid::bigint as oid, rows, dead_rows, own_trigger, usual_trigger, options,
       coalesce((own ->> 'autovacuum_enabled')::bool, true) as enabled, vacuumed_at,
       exists (select from pg_stat_progress_vacuum p where p.relid = t.oid and p.datname = current_database()) as being_vacuumed,
       owns_database or pg_has_role(relowner, 'member') as may_vacuum
from triggers t
order by dead_rows / greatest(least(own_trigger, usual_trigger), $1::float8) desc, 1
limit 100
