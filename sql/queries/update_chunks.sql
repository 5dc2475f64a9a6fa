-- Moves kept chunks to where they stand now; rows that are right already are not touched. Returns nothing.
update public.chunks c
set position = n.position, title = n.title, heading_path = n.heading_path, context = n.context,
    content = n.content, start_offset = n.start_offset, end_offset = n.end_offset, token_count = n.token_count,
    language = n.language, file_id = n.file_id, page = n.page
from (
  select u.id, u.position, u.title, array(select jsonb_array_elements_text(u.headings)) as heading_path, u.context,
         u.content, u.start_offset, u.end_offset, u.token_count, u.language, u.file_id, u.page
  from unnest(
    %(chunk_ids)s::bigint[], %(positions)s::integer[], %(titles)s::text[], %(headings)s::jsonb[], %(contexts)s::text[],
    %(contents)s::text[], %(starts)s::integer[], %(ends)s::integer[], %(token_counts)s::integer[], %(languages)s::text[],
    %(file_ids)s::uuid[], %(pages)s::integer[]
  ) u (id, position, title, headings, context, content, start_offset, end_offset, token_count, language, file_id, page)
) n
where c.id = n.id
  and (c.position, c.title, c.heading_path, c.context, c.content, c.start_offset, c.end_offset, c.token_count, c.language,
       c.file_id, c.page)
      is distinct from
      (n.position, n.title, n.heading_path, n.context, n.content, n.start_offset, n.end_offset, n.token_count, n.language,
       n.file_id, n.page)
