-- Returns the chunks of the given sources in order, and whether each has a vector of the given model.
select c.id, c.source_id, c.input_hash, e.chunk_id is not null as has_vector
from public.chunks c
left join public.chunk_embeddings e on e.chunk_id = c.id and e.model_id = %(model_id)s
where c.source_id = any (%(source_ids)s)
order by c.source_id, c.position
