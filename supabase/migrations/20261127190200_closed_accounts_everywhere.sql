-- Purpose: every table and function of the API, whichever migration made it, refuses accounts that are banned or deleted.
-- Undo: drop policy "open accounts alone" on every table that has it; take private.require_open_account() out of the
--   functions of public again.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

do $$
declare
  held record;
begin
  for held in
    select c.oid::pg_catalog.regclass as relation
    from pg_catalog.pg_class c
    where c.relkind in ('r', 'p')
      and (c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) or c.oid = 'storage.objects'::regclass)
      and (pg_catalog.has_table_privilege('authenticated', c.oid, 'select, insert, update, delete')
        or pg_catalog.has_any_column_privilege('authenticated', c.oid, 'select, insert, update'))
      and not exists (
        select from pg_catalog.pg_policy p where p.polrelid = c.oid and p.polname = 'open accounts alone')
  loop
    perform private.refuse_closed_accounts(held.relation);
  end loop;
end $$;

-- What people call and visitors do not, or what may change something, asks for an open account before it does anything: a
-- definer behind it is above the policies.
do $$
declare
  exposed record;
begin
  for exposed in
    select pg_catalog.pg_get_functiondef(p.oid) as definition, p.prosrc as body, l.lanname as language
    from pg_catalog.pg_proc p
    join pg_catalog.pg_language l on l.oid = p.prolang
    where p.pronamespace = 'public'::regnamespace and p.prokind = 'f'
      and pg_catalog.has_function_privilege('authenticated', p.oid, 'execute')
      and (p.provolatile = 'v' or not pg_catalog.has_function_privilege('anon', p.oid, 'execute'))
      and p.prosrc !~ 'private\.require_open_account\(\);'
      and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e')
  loop
    execute replace(exposed.definition, exposed.body, case exposed.language
      when 'sql' then E'\n  select private.require_open_account();' || exposed.body
      else regexp_replace(exposed.body, E'\nbegin\n', E'\nbegin\n  perform private.require_open_account();\n') end);
  end loop;
end $$;
