-- Callers are granted columns by name, never a whole table: that is a right to the system columns too, and xmin, xmax and
-- ctid tell how much is written by others, and when.
select format('%I.%I', n.nspname, c.relname) as object,
       format('%s was granted %s on the whole table, system columns included.', r.rolname, lower(a.privilege_type)) as detail,
       format('revoke %1$s on %2$I.%3$I from %4$I; grant %1$s (%5$s) on %2$I.%3$I to %4$I;',
         lower(a.privilege_type), n.nspname, c.relname, r.rolname,
         (select string_agg(quote_ident(t.attname), ', ' order by t.attnum) from pg_catalog.pg_attribute t
          where t.attrelid = c.oid and t.attnum > 0 and not t.attisdropped)) as remediation
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
cross join lateral pg_catalog.aclexplode(c.relacl) a
join pg_catalog.pg_roles r on r.oid = a.grantee and r.rolname in ('anon', 'authenticated')
where n.nspname in ('public', 'private') and c.relkind in ('r', 'p')
  and a.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
  and not exists (
    select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')
