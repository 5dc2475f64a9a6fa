-- Locks products against writers, in order, and returns them with their scope; see lock_embedding_documents.
select p.id as source_id, p.scope_id
from public.products p
where p.id = any (%(source_ids)s)
order by p.id
for no key update skip locked
