-- A caller who reads some columns of a table reads all of them: otherwise select=*, which clients send by themselves, is
-- refused. A column that is added later has to be granted; one that nobody may read belongs to a table in private.
select format('%I.%I.%I', n.nspname, c.relname, t.attname) as object,
       format('%s reads other columns of the table, so that select * is refused.', r.rolname) as detail,
       format('grant select (%I) on %I.%I to %I;', t.attname, n.nspname, c.relname, r.rolname) as remediation
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute t on t.attrelid = c.oid and t.attnum > 0 and not t.attisdropped
join pg_catalog.pg_roles r on r.rolname in ('anon', 'authenticated')
where n.nspname = 'public' and c.relkind in ('r', 'p')
  and pg_catalog.has_any_column_privilege(r.oid, c.oid, 'select')
  and not pg_catalog.has_column_privilege(r.oid, c.oid, t.attnum, 'select')
