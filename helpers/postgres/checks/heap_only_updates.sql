-- Tables by updates that could not stay heap-only
-- needs: PostgreSQL >= 14; any role; takes no lock; one pass over pg_class
-- source: PostgreSQL manual, pg_stat_all_tables.n_tup_upd, n_tup_hot_upd
select c.oid::regclass::text as table, u.updates, u.hot_updates, null::bigint as newpage_updates, greatest(c.reltuples, 0)::float8 as rows,
       coalesce((select option_value::int from pg_options_to_table(c.reloptions) where option_name = 'fillfactor'), 100) as fillfactor,
       round(100.0 * u.hot_updates / u.updates, 1)::float8 as hot_pct, null::float8 as newpage_pct
from pg_class c
cross join lateral (
    select pg_stat_get_tuples_updated(c.oid) as updates, pg_stat_get_tuples_hot_updated(c.oid) as hot_updates
) u
where c.relkind in ('r', 'm') and c.relpersistence <> 't' and c.relnamespace <> 'pg_catalog'::regnamespace and u.updates > 0
order by u.updates - u.hot_updates desc, 1
