-- Stores what the worker learned of documents: their language where people chose none, and the model that does not read
-- their script. Returns nothing.
update public.documents d
set language = case when d.language_is_detected then u.language else d.language end, unread_by_model = u.unread_by
from unnest(%(document_ids)s::uuid[], %(languages)s::text[], %(unread_by)s::text[]) u (id, language, unread_by)
where d.id = u.id
  and (d.language_is_detected and d.language is distinct from u.language
       or d.unread_by_model is distinct from u.unread_by)
