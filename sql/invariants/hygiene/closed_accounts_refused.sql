-- Accounts that are banned, softly deleted or gone do nothing: each table that people have a right to has the policy that
-- keeps them out, and each function of the API that may change something, or that visitors may not call, asks for it.
select format('%I.%I', n.nspname, c.relname) as object,
       'Accounts that are banned or deleted still reach the table with their tokens.' as detail,
       format('select private.refuse_closed_accounts(%L);', format('%I.%I', n.nspname, c.relname)) as remediation
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p')
  and (n.nspname in ('public', 'private') or (n.nspname, c.relname) = ('storage', 'objects'))
  and (pg_catalog.has_table_privilege('authenticated', c.oid, 'select, insert, update, delete')
    or pg_catalog.has_any_column_privilege('authenticated', c.oid, 'select, insert, update'))
  and not exists (
    select from pg_catalog.pg_policy p
    where p.polrelid = c.oid and not p.polpermissive and p.polcmd = '*' and p.polwithcheck is null
      and 'authenticated'::pg_catalog.regrole = any (p.polroles)
      and pg_catalog.pg_get_expr(p.polqual, p.polrelid) ~ '^\(\( SELECT private\.open_account\(\) AS open_account\) IS NOT NULL\)$')
  and not exists (
    select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')
union all
select p.oid::pg_catalog.regprocedure::text,
       'Accounts that are banned or deleted may still call the function with their tokens.',
       'Begin its body with: perform private.require_open_account(); in SQL: select private.require_open_account();'
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname = 'public' and p.prokind = 'f'
  and pg_catalog.has_function_privilege('authenticated', p.oid, 'execute')
  and (p.provolatile = 'v' or not pg_catalog.has_function_privilege('anon', p.oid, 'execute'))
  and p.prosrc !~ 'private\.require_open_account\(\);'
  and not exists (
    select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e')
