-- Tables by rows read sequentially
-- needs: PostgreSQL >= 14; any role; takes no lock; one pass over pg_class and pg_index
-- source: PostgreSQL manual, pg_stat_all_tables' own functions
with scanned as (
    select c.oid, greatest(c.reltuples, 0)::float8 as rows, s.seq_scans, coalesce(i.index_scans, 0)::bigint as index_scans,
           round(100.0 * coalesce(i.index_scans, 0) / (s.seq_scans + coalesce(i.index_scans, 0)), 1)::float8 as index_pct,
           round(s.seq_rows::numeric / s.seq_scans, 1)::float8 as rows_per_scan, s.seq_rows
    from pg_class c
    cross join lateral (select pg_stat_get_numscans(c.oid) as seq_scans, pg_stat_get_tuples_returned(c.oid) as seq_rows) s
    left join lateral (select sum(pg_stat_get_numscans(x.indexrelid)) as index_scans from pg_index x where x.indrelid = c.oid) i on true
    where c.relkind in ('r', 'm') and c.relpersistence <> 't' and s.seq_scans > 0
      and c.relnamespace <> all (array['pg_catalog'::regnamespace, 'information_schema'::regnamespace])
    order by s.seq_rows desc, c.oid
    limit 200
)
select oid::regclass::text as table, rows, seq_scans, index_scans, index_pct, rows_per_scan
from scanned
order by seq_rows desc, 1
