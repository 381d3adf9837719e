-- The 200 largest btree indexes, and how many pages their entries should need
-- needs: PostgreSQL >= 14; SELECT on the tables to see pg_stats; takes no lock; an estimate, no index is read
-- source: PostgreSQL manual, "B-Tree Indexes", pg_stats
-- $1: fewest pages of an index (int)
with large as materialized (
    select i.indexrelid, i.indrelid, i.indnatts, i.indkey, n.nspname, t.relname as table_name, c.relname as index_name, c.relpages, c.reltuples,
           current_setting('block_size')::int as block,
           coalesce((select option_value::int from pg_options_to_table(c.reloptions) where option_name = 'fillfactor'), 90) as fillfactor
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_class t on t.oid = i.indrelid
    join pg_namespace n on n.oid = c.relnamespace
    where i.indisvalid and c.relkind = 'i' and c.relpages >= $1 and c.relpersistence <> 't' and n.nspname not in ('pg_catalog', 'pg_toast')
      and c.relam = (select oid from pg_am where amname = 'btree')
    order by c.relpages desc limit 200
), widths as (
    select l.*, w.width, w.nulls, w.seen
    from large l
    cross join lateral (
        select coalesce(sum((1 - s.null_frac) * s.avg_width), 0) as width, coalesce(bool_or(s.null_frac > 0), false) as nulls, count(*) as seen
        from generate_series(0, l.indnatts - 1) as k (n)
        -- an expression's statistics are kept under the index's own name
        join pg_attribute a on a.attrelid = case when l.indkey[k.n] = 0 then l.indexrelid else l.indrelid end
                           and a.attnum = case when l.indkey[k.n] = 0 then k.n + 1 else l.indkey[k.n] end
        join pg_stats s on s.schemaname = l.nspname and s.attname = a.attname and not s.inherited
                       and s.tablename = case when l.indkey[k.n] = 0 then l.index_name else l.table_name end
    ) w
), pages as (
    select *, seen = indnatts and reltuples >= 0 as known,
           -- header 8 bytes, a null bitmap of 8 where there are nulls, the data padded to 8, and a line pointer of 4
           4 + 8 + case when nulls then 8 else 0 end + ceil(width / 8) * 8 as tuple_bytes
    from widths
), sizes as (
    -- a page has a header of 24 and 16 bytes of btree data; one page is the index's own
    select *, 1 + ceil(greatest(reltuples, 0) / greatest(floor((block - 40) * fillfactor / 100.0 / tuple_bytes), 1)) as expected
    from pages
)
select indexrelid::regclass::text as index, indrelid::regclass::text as table, relpages::bigint * block as size_bytes,
       (expected * block)::bigint as expected_bytes, greatest((relpages - expected) * block, 0)::bigint as wasted_bytes,
       round(greatest(100 * (relpages - expected) / relpages, 0)::numeric, 1)::float8 as wasted_pct,
       round(greatest(100.0 * (relpages - expected) / (select sum(relpages) from pg_class), 0)::numeric, 1)::float8 as of_database_pct,
       known
from sizes
order by wasted_bytes desc, 1
