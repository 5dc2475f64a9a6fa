-- Returns texts of the given sources, and the hashes of their passages that have a vector of the given model.
select s.id as source_id, s.title, s.content, s.language,
       array(select c.input_hash
             from public.chunks c
             join public.chunk_embeddings e on e.chunk_id = c.id and e.model_id = %(model_id)s
             where c.source_id = s.id) as known_hashes
from (
  select d.id, d.title, d.content, d.language from public.documents d where d.id = any (%(source_ids)s)
  union all
  select p.id, p.name, p.description, p.language from public.products p where p.id = any (%(source_ids)s)
) s
