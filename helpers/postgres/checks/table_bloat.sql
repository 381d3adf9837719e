-- The 200 largest tables, and how many pages their rows should need
-- needs: PostgreSQL >= 14; SELECT on the tables to see pg_stats; takes no lock; an estimate, no table is read
-- source: PostgreSQL manual, "Database Page Layout", pg_stats
-- $1: fewest pages of a table (int)
with large as materialized (
    select c.oid, n.nspname, c.relname, c.relpages, c.reltuples, current_setting('block_size')::int as block,
           coalesce((select option_value::int from pg_options_to_table(c.reloptions) where option_name = 'fillfactor'), 100) as fillfactor
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm') and c.relpersistence <> 't' and c.relpages >= $1 and n.nspname not in ('pg_catalog', 'information_schema')
    order by c.relpages desc limit 200
), widths as (
    select l.*, w.width, w.nulls, w.seen, (select count(*) from pg_attribute a where a.attrelid = l.oid and a.attnum > 0 and not a.attisdropped) as columns
    from large l
    cross join lateral (
        select coalesce(sum((1 - s.null_frac) * s.avg_width), 0) as width, coalesce(bool_or(s.null_frac > 0), false) as nulls, count(*) as seen
        from pg_stats s where s.schemaname = l.nspname and s.tablename = l.relname and not s.inherited
    ) w
), pages as (
    select *, seen = columns and reltuples >= 0 as known,
           -- header 23 bytes, a null bitmap where there are nulls, both and the data padded to 8, and a line pointer of 4
           4 + ceil((23 + case when nulls then ceil(columns / 8.0) else 0 end) / 8) * 8 + ceil(width / 8) * 8 as tuple_bytes
    from widths
), sizes as (
    select *, ceil(greatest(reltuples, 0) / greatest(floor((block - 24) * fillfactor / 100.0 / tuple_bytes), 1)) as expected
    from pages
)
select oid::regclass::text as table, relpages::bigint * block as size_bytes, (expected * block)::bigint as expected_bytes,
       greatest((relpages - expected) * block, 0)::bigint as wasted_bytes,
       round(greatest(100 * (relpages - expected) / relpages, 0)::numeric, 1)::float8 as wasted_pct,
       round(greatest(100.0 * (relpages - expected) / (select sum(relpages) from pg_class), 0)::numeric, 1)::float8 as of_database_pct,
       known
from sizes
order by wasted_bytes desc, 1
