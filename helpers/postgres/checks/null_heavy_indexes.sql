-- Whole indexes on one column, and the share of nulls in it
-- needs: PostgreSQL >= 14; SELECT on the tables to see pg_stats; takes no lock; the 500 largest such indexes
-- source: PostgreSQL manual, pg_stats.null_frac
-- $1: fewest pages of an index (int)
with large as materialized (
    select i.indexrelid, i.indrelid, c.relpages, n.nspname, t.relname, a.attname
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_class t on t.oid = i.indrelid
    join pg_namespace n on n.oid = t.relnamespace
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    where i.indisvalid and i.indnkeyatts = 1 and i.indpred is null and not i.indisprimary and not a.attnotnull
      and c.relkind = 'i' and c.relpages >= $1 and c.relpersistence <> 't' and n.nspname not in ('pg_catalog', 'pg_toast')
    order by c.relpages desc limit 500
)
select l.indexrelid::regclass::text as index, l.indrelid::regclass::text as table, quote_ident(l.attname) as column,
       l.relpages::bigint * current_setting('block_size')::int as size_bytes, round(100 * s.null_frac::numeric, 1)::float8 as null_pct
from large l
left join lateral (
    select null_frac from pg_stats s
    where s.schemaname = l.nspname and s.tablename = l.relname and s.attname = l.attname and not s.inherited
) s on true
order by l.relpages * coalesce(s.null_frac, 0) desc, 1
