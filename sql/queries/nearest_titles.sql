-- nearest_titles
-- Returns the titles of the max_rows sources nearest to the vector by a model, all vectors of it compared, nearest first.
select n.title
from (
  select distinct on (c.source_id) c.source_id, c.title,
         e.embedding operator(extensions.<=>) %(query_embedding)b::extensions.halfvec as distance
  from public.chunk_embeddings e join public.chunks c on c.id = e.chunk_id
  where e.model_id = %(model_id)s
  order by c.source_id, distance) n
order by n.distance
limit %(max_rows)s
