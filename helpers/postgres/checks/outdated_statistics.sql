-- Tables changed since their last ANALYZE, the one furthest past its own threshold first
-- needs: PostgreSQL >= 14; any role; takes no lock; one pass over pg_class
-- source: PostgreSQL manual, "The Autovacuum Daemon"; pg_stat_all_tables' own functions
with tables as (
    select c.oid, greatest(c.reltuples, 0)::float8 as rows, pg_stat_get_mod_since_analyze(c.oid) as changed_rows,
           (select jsonb_object_agg(option_name, option_value) from pg_options_to_table(c.reloptions)) as own,
           greatest(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid)) as analyzed
    from pg_class c
    where c.relkind in ('r', 'm') and c.relpersistence <> 't' and c.relnamespace <> all (array['pg_catalog'::regnamespace, 'information_schema'::regnamespace])
      and pg_stat_get_mod_since_analyze(c.oid) > 0
), limits as (
    select oid, rows, changed_rows, analyzed,
           coalesce((own ->> 'autovacuum_analyze_threshold')::float8, current_setting('autovacuum_analyze_threshold')::float8)
           + rows * coalesce((own ->> 'autovacuum_analyze_scale_factor')::float8, current_setting('autovacuum_analyze_scale_factor')::float8) as threshold,
           current_setting('autovacuum')::bool and coalesce((own ->> 'autovacuum_enabled')::bool, true) as autovacuum
    from tables
)
select oid::regclass::text as table, changed_rows, rows, threshold, autovacuum,
       extract(epoch from clock_timestamp() - analyzed)::float8 as analyzed_ago_s,
       -- autovacuum looks once per autovacuum_naptime; counters of the last seconds may come late
       not autovacuum or coalesce(analyzed < clock_timestamp() - current_setting('autovacuum_naptime')::interval, true) as due
from (select * from limits order by changed_rows / (threshold + 1) desc, oid limit 200) as worst
order by changed_rows / (threshold + 1) desc, 1
