-- Adds chunks with their vectors. Returns nothing.
with new as (
  select *
  from unnest(
    %(source_ids)s::uuid[], %(are_documents)s::boolean[], %(scope_ids)s::uuid[], %(positions)s::integer[],
    %(titles)s::text[], %(headings)s::jsonb[], %(contexts)s::text[], %(contents)s::text[], %(starts)s::integer[],
    %(ends)s::integer[], %(token_counts)s::integer[], %(languages)s::text[], %(hashes)s::bytea[],
    %(embeddings)b::extensions.halfvec[], %(file_ids)s::uuid[], %(pages)s::integer[]
  ) u (source_id, is_document, scope_id, position, title, headings, context, content, start_offset, end_offset,
       token_count, language, input_hash, embedding, file_id, page)
), inserted as (
  insert into public.chunks (document_id, product_id, file_id, page, scope_id, position, title, heading_path, context,
                             content, start_offset, end_offset, token_count, language, input_hash)
  select case when n.is_document then n.source_id end, case when not n.is_document then n.source_id end,
         n.file_id, n.page, n.scope_id, n.position, n.title, array(select jsonb_array_elements_text(n.headings)),
         n.context, n.content, n.start_offset, n.end_offset, n.token_count, n.language, n.input_hash
  from new n
  returning id, source_id, scope_id, position
)
insert into public.chunk_embeddings (chunk_id, model_id, source_id, scope_id, embedding)
select i.id, %(model_id)s, i.source_id, i.scope_id, n.embedding
from inserted i
join new n on n.source_id = i.source_id and n.position = i.position
