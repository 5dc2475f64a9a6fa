-- Every table of ours has row level security enabled, and forced, so that it holds for the table's owner as well.
-- Tables of extensions are left out: the extension owns them, and nobody can change them.
select format('%I.%I', n.nspname, c.relname) as object,
       'The table does not have row level security enabled and forced.' as detail,
       format('alter table %I.%I enable row level security, force row level security;', n.nspname, c.relname) as remediation
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('public', 'private') and c.relkind in ('r', 'p')
  and not (c.relrowsecurity and c.relforcerowsecurity)
  and not exists (
    select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')
