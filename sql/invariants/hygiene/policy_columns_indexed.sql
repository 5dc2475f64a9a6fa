-- Columns that a policy reads lead an index, so that what a caller may see is found rather than sifted. Booleans and enums
-- are left out: they have few values and are asked together with a column that has an index.
select distinct format('%I.%I.%I', n.nspname, c.relname, a.attname) as object,
       'A policy reads the column, and no index begins with it.' as detail,
       format('create index on %I.%I (%I);', n.nspname, c.relname, a.attname) as remediation
from pg_catalog.pg_depend d
join pg_catalog.pg_policy p on p.oid = d.objid
join pg_catalog.pg_class c on c.oid = d.refobjid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
join pg_catalog.pg_type t on t.oid = a.atttypid
where d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  and d.refobjsubid > 0 and n.nspname in ('public', 'private')
  and t.typtype <> 'e' and t.oid <> 'boolean'::pg_catalog.regtype
  and not exists (
    select from pg_catalog.pg_index i
    where i.indrelid = c.oid and i.indisvalid and i.indpred is null and i.indkey[0] = a.attnum)
