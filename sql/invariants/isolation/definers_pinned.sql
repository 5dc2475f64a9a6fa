-- A function that runs with its owner's rights finds names in pg_catalog first and in pg_temp last: else whoever may create
-- an object, a temporary one too, decides what a name in it means. An empty search_path looks into pg_temp first.
select p.oid::pg_catalog.regprocedure::text as object,
       'The function runs as its owner, and finds names by the caller''s search_path.' as detail,
       format('alter function %s set search_path = pg_catalog, pg_temp;', p.oid::pg_catalog.regprocedure) as remediation
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname in ('public', 'private') and p.prosecdef
  and not coalesce('search_path=pg_catalog, pg_temp' = any (p.proconfig), false)
  and not exists (
    select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e')
