-- Indexes that another index of the same table makes redundant
-- needs: PostgreSQL >= 14; any role; takes no lock (expressions are compared as stored); one pass over pg_index
-- source: PostgreSQL manual, pg_index, "Multicolumn Indexes"
with indexes as (
    select i.indexrelid, i.indrelid, c.relam, c.relpages, i.indisunique, i.indnkeyatts, i.indnatts,
           i.indisunique or i.indisexclusion or i.indisreplident or k.conindid is not null as enforces,
           array_to_string((i.indkey::int2[])[0:i.indnkeyatts - 1], ' ') || ' ' as keys, i.indkey::text as columns,
           array_to_string(i.indclass::oid[], ' ') || ' ' as classes, array_to_string(i.indcollation::oid[], ' ') || ' ' as collations,
           array_to_string(i.indoption::int2[], ' ') || ' ' as options,
           -- versions before 17 store where in the statement an expression stood
           regexp_replace(i.indexprs::text, ':location -?\d+', '', 'g') as expressions,
           regexp_replace(coalesce(i.indpred::text, ''), ':location -?\d+', '', 'g') as condition
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    left join (select distinct conindid from pg_constraint where conindid <> 0) k on k.conindid = i.indexrelid
    -- a single index has no other
    where exists (select from pg_index o where o.indrelid = i.indrelid and o.indexrelid <> i.indexrelid) and i.indisvalid and c.relkind = 'i' and not c.relispartition and c.relpersistence <> 't'
      and c.relnamespace <> all (array['pg_catalog'::regnamespace, 'pg_toast'::regnamespace])
), pairs as (
    select a.*, b.indexrelid as kept, b.indnkeyatts > a.indnkeyatts as longer,
           a.columns = b.columns and a.indnkeyatts = b.indnkeyatts and a.classes = b.classes and a.collations = b.collations
           and a.options = b.options and a.expressions is not distinct from b.expressions as same, b.enforces as kept_enforces
    from indexes a
    join indexes b on b.indrelid = a.indrelid and b.indexrelid <> a.indexrelid and b.relam = a.relam and b.condition = a.condition
    where not a.enforces
)
select distinct on (p.relpages, p.indexrelid) p.indexrelid::regclass::text as index, p.indrelid::regclass::text as table, p.kept::regclass::text as kept,
       case when p.same then 'same' else 'prefix' end as kind, p.relpages::bigint * current_setting('block_size')::int as size_bytes
from pairs p
join indexes b on b.indexrelid = p.kept
-- of two alike that enforce nothing, the older one is kept
where (p.same and (p.kept_enforces or p.kept < p.indexrelid))
   or (p.longer and p.expressions is null and p.indnatts = p.indnkeyatts
       and p.relam = (select oid from pg_am where amname = 'btree')
       and starts_with(b.keys, p.keys) and starts_with(b.classes, p.classes)
       and starts_with(b.collations, p.collations) and starts_with(b.options, p.options))
order by p.relpages desc, p.indexrelid, p.same desc, p.kept
