-- Queries cancelled by replay, by database and by what replay needed
-- needs: PostgreSQL >= 14; any role; takes no lock; cheap
-- source: PostgreSQL manual, pg_stat_database_conflicts
select datname::text as database, confl_tablespace::int as tablespace, confl_lock::int as lock, confl_snapshot::int as snapshot,
       confl_bufferpin::int as bufferpin, confl_deadlock::int as deadlock,
       (confl_tablespace + confl_lock + confl_snapshot + confl_bufferpin + confl_deadlock)::int as total
from pg_stat_database_conflicts
order by total desc, 1
