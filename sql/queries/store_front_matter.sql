-- Stores what documents say of themselves at their head. Returns nothing.
update public.documents d set front_matter = u.front_matter
from unnest(%(document_ids)s::uuid[], %(front_matters)s::jsonb[]) u (id, front_matter)
where d.id = u.id and d.front_matter <> u.front_matter
