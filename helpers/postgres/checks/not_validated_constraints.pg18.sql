-- Constraints that are not validated though they are enforced (PostgreSQL 18 and newer)
-- needs: PostgreSQL >= 18; any role; takes no lock; one pass over pg_constraint
-- source: PostgreSQL manual, pg_constraint.convalidated
select c.conrelid::regclass::text as table, quote_ident(c.conname) as constraint,
       case c.contype when 'c' then 'check' when 'f' then 'foreign key' when 'n' then 'not null' else c.contype::text end as kind,
       format('ALTER TABLE %s VALIDATE CONSTRAINT %I', c.conrelid::regclass, c.conname) as validate
from pg_constraint c
where not c.convalidated and c.conrelid <> 0 and c.conenforced
order by 1, 2
