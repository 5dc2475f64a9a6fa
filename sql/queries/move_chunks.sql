-- Moves kept chunks to where they stand now; rows that are right already are not touched. Returns nothing.
update public.chunks c
set position = n.position, start_offset = n.start_offset, end_offset = n.end_offset, token_count = n.token_count,
    file_id = n.file_id, page = n.page
from unnest(
  %(chunk_ids)s::bigint[], %(positions)s::integer[], %(starts)s::integer[], %(ends)s::integer[],
  %(token_counts)s::integer[], %(file_ids)s::uuid[], %(pages)s::integer[]
) n (id, position, start_offset, end_offset, token_count, file_id, page)
where c.id = n.id
  and (c.position, c.start_offset, c.end_offset, c.token_count, c.file_id, c.page)
      is distinct from (n.position, n.start_offset, n.end_offset, n.token_count, n.file_id, n.page)
