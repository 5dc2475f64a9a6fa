-- Purpose: callers are granted columns by name, never a whole table, whichever migration made it.
-- Undo: grant select on each of the tables to the roles that read its columns.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

-- A right to a whole table is one to its system columns, and xmin, xmax and ctid tell how much is written by others, and when.
do $$
declare
  wide record;
begin
  for wide in
    select c.oid::pg_catalog.regclass as relation, r.rolname as role, lower(a.privilege_type) as right_to,
           (select string_agg(quote_ident(t.attname), ', ' order by t.attnum) from pg_catalog.pg_attribute t
            where t.attrelid = c.oid and t.attnum > 0 and not t.attisdropped) as columns
    from pg_catalog.pg_class c
    cross join lateral pg_catalog.aclexplode(c.relacl) a
    join pg_catalog.pg_roles r on r.oid = a.grantee and r.rolname in ('anon', 'authenticated')
    where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p')
      and a.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
  loop
    -- In this order: the right to a table takes those to its columns along when it goes.
    execute format('revoke %s on table %s from %I', wide.right_to, wide.relation, wide.role);
    execute format('grant %s (%s) on table %s to %I', wide.right_to, wide.columns, wide.relation, wide.role);
  end loop;
end $$;
