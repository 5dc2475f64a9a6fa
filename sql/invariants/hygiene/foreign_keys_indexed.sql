-- Foreign keys have an index that begins with their columns: else each delete of what they point to reads the whole table.
select format('%I on %s', k.conname, k.conrelid::pg_catalog.regclass) as object,
       'No index begins with the columns of the foreign key.' as detail,
       format('create index on %s (%s);', k.conrelid::pg_catalog.regclass, (
         select string_agg(quote_ident(a.attname), ', ' order by u.place)
         from unnest(k.conkey) with ordinality u (attnum, place)
         join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum)) as remediation
from pg_catalog.pg_constraint k
join pg_catalog.pg_namespace n on n.oid = k.connamespace
where k.contype = 'f' and n.nspname in ('public', 'private')
  and not exists (
    select from pg_catalog.pg_index i
    where i.indrelid = k.conrelid and i.indisvalid and i.indpred is null
      and (string_to_array(i.indkey::text, ' ')::smallint[])[1:cardinality(k.conkey)] @> k.conkey)
