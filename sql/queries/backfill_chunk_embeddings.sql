-- backfill_chunk_embeddings
-- Adds vectors of one model to chunks that still are what was embedded. Returns one row: how many.
with added as (
  insert into public.chunk_embeddings (chunk_id, model_id, source_id, scope_id, embedding)
  select c.id, %(model_id)s, c.source_id, c.scope_id, n.embedding
  from unnest(%(chunk_ids)s::bigint[], %(hashes)s::bytea[], %(embeddings)b::extensions.halfvec[]) n (id, hash, embedding)
  join public.chunks c on c.id = n.id and c.input_hash = n.hash
  on conflict (chunk_id, model_id) do nothing
  returning 1)
select count(*) as added from added
