-- What the planner may know about columns that people can count by.
--
-- `Prefer: count=planned` and `count=estimated` return the planner's estimate, which comes from samples of all rows:
-- for a stranger, `?title=eq.Secret merger` was estimated at 13 rows when that title was common, and at 1 when it was
-- not. Row level security hides samples from operators that could leak, but equality of texts counts as safe. No index
-- serves these texts and times, so no plan needs their samples.
--
-- Samples of the columns that say who may see a row do harm: where one tenant has most of a table, the planner took
-- everybody for that tenant and read 100,000 documents for a person who sees a hundred (12 ms, now 0.4). Each value is
-- now assumed to have twenty rows, so that the index on the column is used.

do $$
declare
  planned record;
begin
  for planned in
    select v.relname, c.attname, v.change
    from (values
      ('profiles', 'set statistics 0', '{display_name,phone,email,created_at,updated_at}'::text[]),
      ('organizations', 'set statistics 0', '{name,may_publish,published_at,created_at,updated_at}'),
      ('memberships', 'set statistics 0', '{created_at}'),
      ('invitations', 'set statistics 0',
       '{email,title,inviter_email,role,status,created_at,expires_at,answered_at}'),
      ('documents', 'set statistics 0',
       '{title,content,language,source_uri,metadata,front_matter,error,chunks_done,chunks_total}'::text[] ||
       '{unread_by_model,created_at,updated_at}'::text[]),
      ('document_shares', 'set statistics 0', '{created_at}'),
      ('products', 'set statistics 0', '{name,description,language,metadata,created_at,updated_at}'),
      ('chunks', 'set statistics 0',
       '{title,heading_path,context,content,input_hash,start_offset,end_offset,language,page}'),
      ('document_files', 'set statistics 0',
       '{name,key,content_type,size,version,error,remark,progress_done,progress_total,progress_unit}'::text[] ||
       '{created_at,updated_at}'::text[]),
      ('file_texts', 'set statistics 0', '{content,page_starts}'),
      ('interactions', 'set statistics 0', '{kind,order_id,created_at}'),
      ('organizations', 'set (n_distinct = -0.05)', '{created_by}'),
      ('memberships', 'set (n_distinct = -0.05)', '{organization_id,user_id}'),
      ('invitations', 'set (n_distinct = -0.05)', '{organization_id,document_id,user_id,invited_by}'),
      ('documents', 'set (n_distinct = -0.05)', '{owner_id,organization_id,scope_id}'),
      ('document_shares', 'set (n_distinct = -0.05)', '{user_id}'),
      ('document_files', 'set (n_distinct = -0.05)', '{document_id,scope_id}'),
      ('file_texts', 'set (n_distinct = -0.05)', '{document_id,scope_id}'),
      ('chunks', 'set (n_distinct = -0.05)', '{scope_id}'),
      ('chunk_embeddings', 'set (n_distinct = -0.05)', '{scope_id}'),
      ('interactions', 'set (n_distinct = -0.05)', '{user_id,product_id}')) v (relname, change, columns)
    cross join lateral unnest(v.columns) c (attname)
  loop
    execute format('alter table public.%I alter column %I %s', planned.relname, planned.attname, planned.change);
    if planned.change like '%n_distinct%' then
      execute format('alter table public.%I alter column %I set statistics 1', planned.relname, planned.attname);
    end if;
  end loop;
end $$;

-- The planner takes a table that was never analyzed for ten pages.
analyze public.organizations, public.memberships, public.documents, public.document_shares,
  public.document_files, public.file_texts, public.chunks, public.chunk_embeddings;
