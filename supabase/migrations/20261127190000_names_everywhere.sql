-- Purpose: every function, whichever migration made it, looks names up in pg_catalog first and in pg_temp last.
-- Undo: alter function … set search_path = '' on those that are not security definer.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

-- A function that a definer calls, or whose trigger a definer fires, runs as the definer's owner. With an empty search_path
-- it looks into pg_temp first, for types and relations.
do $$
declare
  pinned record;
begin
  for pinned in
    select p.oid::pg_catalog.regprocedure as signature
    from pg_catalog.pg_proc p
    where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
      and not coalesce('search_path=pg_catalog, pg_temp' = any (p.proconfig), false)
      and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e')
  loop
    execute format('alter function %s set search_path = pg_catalog, pg_temp', pinned.signature);
  end loop;
end $$;
