-- Returns texts of the given sources (null for those whose text is known), the hashes of their chunks that have a vector
-- of the given model, and the hashes of the vectors that are staged.
select s.id as source_id, s.title, s.content, s.language,
       array(select c.input_hash
             from public.chunks c
             join public.chunk_embeddings e on e.chunk_id = c.id and e.model_id = %(model_id)s
             where c.source_id = s.id) as known_hashes,
       array(select v.input_hash
             from private.staged_embeddings v
             where v.source_id = s.id and v.model_id = %(model_id)s) as staged_hashes
from (
  select d.id, d.title, case when d.id <> all (%(known_ids)s) then d.content end as content,
         case when not d.language_is_detected then d.language end as language
  from public.documents d where d.id = any (%(source_ids)s)
  union all
  select p.id, p.name, case when p.id <> all (%(known_ids)s) then p.description end, p.language
  from public.products p where p.id = any (%(source_ids)s)
) s
