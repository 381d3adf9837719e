-- Foreign keys of one column to numbered parents, with the statement that counts what lacks a partner
-- needs: nothing; the statement needs SELECT on both tables
-- right after: one of the next 32 transactions, since those of other clients come in between
-- source: PostgreSQL manual, pg_constraint; System Columns (xmin)
with keys as (
    select c.oid, c.conrelid, c.confrelid, quote_ident(child.attname) as child_column, quote_ident(parent.attname) as parent_column, child.attnum,
        coalesce(pg_stat_get_tuples_inserted(c.confrelid), 0) as inserted
    from pg_constraint c
    join pg_attribute child on child.attrelid = c.conrelid and child.attnum = c.conkey[1]
    join pg_attribute parent on parent.attrelid = c.confrelid and parent.attnum = c.confkey[1]
    where c.contype = 'f' and cardinality(c.conkey) = 1 and c.conparentid = 0 and c.conrelid <> c.confrelid
        and parent.atttypid in ('int8'::regtype, 'int4'::regtype)
)
select confrelid::regclass::text as parent, conrelid::regclass::text as child, child_column, parent_column,
    exists (
        select from pg_index i
        where i.indrelid = conrelid and i.indisvalid and i.indpred is null and i.indkey[0] = attnum
    ) as served,
    format($statement$
with newest as (
    select %1$s as key, xmin as x, 0 as block from (select %1$s, xmin from %2$s order by %1$s desc limit 1000) rows
), older as (
    select rows.key, rows.x, back.block
    from (select max(key) as last from newest) top, (values (1, 1000), (2, 2000), (3, 3000), (4, 5000), (5, 25000), (6, 125000)) back (block, by),
        lateral (select %1$s as key, xmin as x from %2$s where %1$s <= last - back.by order by %1$s desc limit 1000) rows
), looked as (
    select key, block, exists (select from %3$s c where c.%4$s = key) as has, exists (select from %3$s c where c.%4$s = key and c.xmin = x) as same,
        exists (select from %3$s c where c.%4$s = key and c.xmin <> x and age(x) - age(c.xmin) between 1 and 32) as right_after
    from (select * from newest union all select * from older) each
), usual as (
    select count(*) as older, count(*) filter (where not has) as orphans_before, count(*) filter (where same) as together_before,
        count(*) filter (where has and not same) as apart_before
    from looked where block > 0 group by block having count(*) >= 100
    order by count(*) filter (where not has) / count(*)::float, block limit 1
), now as (
    select count(*) as parents, count(*) filter (where not has) as orphans, count(*) filter (where key >= since and same) as together,
        count(*) filter (where key >= since and has and not same) as apart,
        count(*) filter (where key >= since and right_after and not same) as right_after, (array_agg(key order by key desc) filter (where not has))[1:20] as keys
    from looked, (select min(key) as since from looked where block = 0 and not has) first_orphan
    where block = 0
)
select now.*, coalesce(older, 0) as older, coalesce(orphans_before, 0) as orphans_before, coalesce(together_before, 0) as together_before,
    coalesce(apart_before, 0) as apart_before
from now left join usual on true$statement$, parent_column, confrelid::regclass::text, conrelid::regclass::text, child_column) as statement
from keys
order by inserted desc, confrelid::regclass::text, conrelid::regclass::text
