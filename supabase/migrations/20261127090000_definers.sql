-- Purpose: functions that run as their owner look up names in pg_catalog first and in the caller's temporary schema last.
--   With an empty search_path PostgreSQL looks into pg_temp first, for types and relations: whoever may create a temporary
--   domain named uuid would run code as the owner.
-- Undo: set search_path = '' on each of them again.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

do $$
declare
  definer record;
begin
  for definer in
    select p.oid::pg_catalog.regprocedure as signature
    from pg_catalog.pg_proc p
    where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace) and p.prosecdef
      and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e')
  loop
    execute format('alter function %s set search_path = pg_catalog, pg_temp', definer.signature);
  end loop;
end $$;
