-- A function of ours that fixes its search_path looks into pg_catalog first and into pg_temp last, whoever it runs as: when
-- a definer calls it, or fires it as a trigger, it runs as the definer's owner. An empty search_path looks into pg_temp first.
select p.oid::pg_catalog.regprocedure::text as object,
       'The function may find a temporary object of its caller before the one that it means.' as detail,
       format('alter function %s set search_path = pg_catalog, pg_temp;', p.oid::pg_catalog.regprocedure) as remediation
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname in ('public', 'private')
  and array_to_string(p.proconfig, chr(10)) ~ '(^|\n)search_path='
  and not 'search_path=pg_catalog, pg_temp' = any (p.proconfig)
  and not exists (
    select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e')
