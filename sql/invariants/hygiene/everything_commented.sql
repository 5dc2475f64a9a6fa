-- Tables, views, columns, functions, types and schemas of ours say what they are for.
select m.object, 'It has no comment.' as detail, format('comment on %s %s is ''…'';', m.kind, m.object) as remediation
from (
  select case c.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end as kind,
         format('%I.%I', n.nspname, c.relname) as object,
         pg_catalog.obj_description(c.oid, 'pg_class') as comment, c.oid, 'pg_catalog.pg_class'::pg_catalog.regclass as class
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('public', 'private') and c.relkind in ('r', 'p', 'v', 'm', 'f')
  union all
  select 'column', format('%I.%I.%I', n.nspname, c.relname, a.attname),
         pg_catalog.col_description(c.oid, a.attnum), c.oid, 'pg_catalog.pg_class'::pg_catalog.regclass
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where n.nspname in ('public', 'private') and c.relkind in ('r', 'p')
  union all
  select 'function', p.oid::pg_catalog.regprocedure::text, pg_catalog.obj_description(p.oid, 'pg_proc'), p.oid,
         'pg_catalog.pg_proc'::pg_catalog.regclass
  from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  where n.nspname in ('public', 'private')
  union all
  select 'type', t.oid::pg_catalog.regtype::text, pg_catalog.obj_description(t.oid, 'pg_type'), t.oid,
         'pg_catalog.pg_type'::pg_catalog.regclass
  from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
  left join pg_catalog.pg_class c on c.oid = t.typrelid
  where n.nspname in ('public', 'private') and (t.typtype in ('e', 'd') or (t.typtype = 'c' and c.relkind = 'c'))
  union all
  select 'schema', n.nspname::text, pg_catalog.obj_description(n.oid, 'pg_namespace'), n.oid,
         'pg_catalog.pg_namespace'::pg_catalog.regclass
  from pg_catalog.pg_namespace n where n.nspname = 'private') m
where m.comment is null
  and not exists (
    select from pg_catalog.pg_depend d where d.classid = m.class and d.objid = m.oid and d.deptype = 'e')
