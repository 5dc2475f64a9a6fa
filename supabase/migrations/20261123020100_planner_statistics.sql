-- Purpose: the planner's estimates tell nobody what stands in somebody else's rows, and do not depend on it.
-- Undo: alter table … alter column … set statistics -1, alter column … reset (n_distinct); analyze;
set local lock_timeout = '10s';
set local statement_timeout = '60s';

-- `Prefer: count=planned` and `count=estimated` answer with the planner's estimate, which is made from samples of all
-- rows: `?title=eq.Secret merger` was estimated at 13 rows for a stranger when that title was common, and at 1 when it
-- was not. Row level security keeps samples from operators that could leak, but counts equality of texts as safe. No
-- index serves the texts and times here, so no plan needs their samples.
do $$
declare
  sampled record;
begin
  for sampled in
    select v.relname, c.attname
    from (values
      ('profiles', '{display_name,phone,created_at,updated_at}'::text[]),
      ('organizations', '{name,created_at,updated_at}'),
      ('memberships', '{created_at}'),
      ('documents', '{title,content,language,source_uri,metadata,error,created_at,updated_at}'),
      ('document_shares', '{created_at}'),
      ('products', '{name,description,language,metadata,created_at,updated_at}'),
      ('chunks', '{title,heading_path,content,input_hash,start_offset,end_offset,language}')) v (relname, columns)
    cross join lateral unnest(v.columns) c (attname)
  loop
    execute pg_catalog.format('alter table public.%I alter column %I set statistics 0', sampled.relname, sampled.attname);
    -- Samples taken before stay until they are cleared, which PostgreSQL lets a table's owner do since version 18.
    if pg_catalog.current_setting('server_version_num')::integer >= 180000 then
      execute pg_catalog.format(
        'select pg_catalog.pg_clear_attribute_stats(''public'', %L, %L, false)', sampled.relname, sampled.attname);
    end if;
  end loop;
end $$;

-- Of the columns that say whose a row is, samples do harm: where one tenant has most of a table, the planner took
-- everybody for that tenant and read 100,000 documents for a person who sees a hundred (12 ms, now 0.4). Whatever the
-- tenants, each is now thought to have twenty rows, so that the index on the column is taken.
do $$
declare
  audience record;
begin
  for audience in
    select v.relname, c.attname
    from (values
      ('organizations', '{created_by}'::text[]),
      ('memberships', '{organization_id,user_id}'),
      ('documents', '{owner_id,organization_id,scope_id}'),
      ('document_shares', '{user_id}'),
      ('chunks', '{scope_id}'),
      ('chunk_embeddings', '{scope_id}')) v (relname, columns)
    cross join lateral unnest(v.columns) c (attname)
  loop
    execute pg_catalog.format(
      'alter table public.%1$I alter column %2$I set statistics 1, alter column %2$I set (n_distinct = -0.05)',
      audience.relname, audience.attname);
  end loop;
end $$;

analyze public.organizations, public.memberships, public.documents, public.document_shares, public.chunks, public.chunk_embeddings;
