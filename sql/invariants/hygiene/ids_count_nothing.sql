-- No column that callers read is drawn from a sequence: two of one's own values tell how many rows others made between.
select format('%I.%I.%I', n.nspname, c.relname, t.attname) as object,
       'Callers read a column that counts everybody''s rows.' as detail,
       format('alter table %1$I.%2$I alter column %3$I drop identity if exists; '
         'alter table %1$I.%2$I alter column %3$I set default private.new_row_id(); or a uuid.',
         n.nspname, c.relname, t.attname) as remediation
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute t on t.attrelid = c.oid and t.attnum > 0 and not t.attisdropped
where n.nspname in ('public', 'private') and c.relkind in ('r', 'p')
  and (t.attidentity <> '' or exists (
    select from pg_catalog.pg_attrdef f
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and d.objid = f.oid
      and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    join pg_catalog.pg_class s on s.oid = d.refobjid and s.relkind = 'S'
    where f.adrelid = c.oid and f.adnum = t.attnum))
  and exists (
    select from pg_catalog.pg_roles r
    where r.rolname in ('anon', 'authenticated') and pg_catalog.has_column_privilege(r.oid, c.oid, t.attnum, 'select'))
