-- unembedded_chunks
-- Returns the next max_rows chunks after number `after` that have no vector of the model: id, title, heading_path, context, content, input_hash.
select c.id, c.title, c.heading_path, c.context, c.content, c.input_hash
from public.chunks c
where c.id > %(after)s
  and not exists (select from public.chunk_embeddings e where e.chunk_id = c.id and e.model_id = %(model_id)s)
order by c.id
limit %(max_rows)s
