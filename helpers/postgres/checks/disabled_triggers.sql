-- Triggers that are disabled, those of foreign keys included
-- needs: PostgreSQL >= 14; any role; takes no lock; one pass over pg_trigger
-- source: PostgreSQL manual, pg_trigger.tgenabled
select t.tgrelid::regclass::text as table, quote_ident(t.tgname) as trigger, t.tgfoid::regproc::text as function,
       quote_ident(c.conname) as constraint
from pg_trigger t
left join pg_constraint c on c.oid = t.tgconstraint
where t.tgenabled = 'D'
order by 1, 2
