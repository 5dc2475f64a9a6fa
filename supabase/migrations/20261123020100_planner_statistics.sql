-- Purpose: the planner's estimates tell nobody what stands in somebody else's rows.
-- Undo: alter table … alter column … set statistics -1; analyze;
set local lock_timeout = '10s';

-- `Prefer: count=planned` and `count=estimated` answer with the planner's estimate, which is made from samples of all
-- rows: `?title=eq.Secret merger` was estimated at 13 rows for a stranger when that title was common, and at 1 when it
-- was not. Row level security keeps samples from operators that could leak, but counts equality of texts as safe. No
-- index serves these columns, so no plan needs the samples.
do $$
declare
  sampled record;
begin
  for sampled in
    select c.relname, a.attname
    from (values
      ('profiles', '{display_name,phone,created_at,updated_at}'::text[]),
      ('organizations', '{name,created_at,updated_at}'),
      ('memberships', '{created_at}'),
      ('documents', '{title,content,language,source_uri,metadata,error,created_at,updated_at}'),
      ('document_shares', '{created_at}'),
      ('products', '{name,description,language,metadata,created_at,updated_at}'),
      ('chunks', '{title,heading_path,content,input_hash,start_offset,end_offset,language}')) v (relname, columns)
    cross join lateral unnest(v.columns) a (attname)
    join pg_catalog.pg_class c on c.relname = v.relname and c.relnamespace = 'public'::regnamespace
  loop
    execute pg_catalog.format(
      'alter table public.%I alter column %I set statistics 0', sampled.relname, sampled.attname);
    -- Samples taken before stay until they are cleared, which PostgreSQL lets a table's owner do since version 18.
    if pg_catalog.current_setting('server_version_num')::integer >= 180000 then
      execute pg_catalog.format(
        'select pg_catalog.pg_clear_attribute_stats(''public'', %L, %L, false)', sampled.relname, sampled.attname);
    end if;
  end loop;
end $$;
