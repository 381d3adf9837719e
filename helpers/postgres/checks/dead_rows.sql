-- Tables with dead rows, the one furthest past its own autovacuum threshold first
-- needs: PostgreSQL >= 14; any role; takes no lock; one pass over pg_class
-- source: PostgreSQL manual, "The Autovacuum Daemon"; pg_stat_all_tables' own functions
with tables as (
    select c.oid, greatest(c.reltuples, 0)::float8 as rows, pg_stat_get_dead_tuples(c.oid) as dead_rows,
           (select jsonb_object_agg(option_name, option_value) from pg_options_to_table(c.reloptions)) as own,
           greatest(pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid)) as vacuumed
    from pg_class c
    where c.relkind in ('r', 'm') and c.relpersistence <> 't' and c.relnamespace <> all (array['pg_catalog'::regnamespace, 'information_schema'::regnamespace])
      and pg_stat_get_dead_tuples(c.oid) > 0
), limits as (
    select oid, rows, dead_rows, vacuumed,
           least(
               coalesce((own ->> 'autovacuum_vacuum_threshold')::float8, current_setting('autovacuum_vacuum_threshold')::float8)
               + rows * coalesce((own ->> 'autovacuum_vacuum_scale_factor')::float8, current_setting('autovacuum_vacuum_scale_factor')::float8),
               -- PostgreSQL 18 and newer; -1 switches it off
               nullif(coalesce(own ->> 'autovacuum_vacuum_max_threshold', current_setting('autovacuum_vacuum_max_threshold', true))::float8, -1)
           ) as threshold,
           current_setting('autovacuum')::bool and coalesce((own ->> 'autovacuum_enabled')::bool, true) as autovacuum
    from tables
)
select oid::regclass::text as table, dead_rows, rows, threshold, autovacuum,
       extract(epoch from clock_timestamp() - vacuumed)::float8 as vacuumed_ago_s,
       -- autovacuum looks once per autovacuum_naptime; counters of the last seconds may come late
       not autovacuum or coalesce(vacuumed < clock_timestamp() - current_setting('autovacuum_naptime')::interval, true) as due
from (select * from limits order by dead_rows / (threshold + 1) desc, oid limit 200) as worst
order by dead_rows / (threshold + 1) desc, 1
