-- Adds vectors of one model to chunks that are there already. Returns nothing.
insert into public.chunk_embeddings (chunk_id, model_id, source_id, scope_id, embedding)
select c.id, %(model_id)s, c.source_id, c.scope_id, n.embedding
from unnest(%(chunk_ids)s::bigint[], %(embeddings)b::extensions.halfvec[]) n (id, embedding)
join public.chunks c on c.id = n.id
