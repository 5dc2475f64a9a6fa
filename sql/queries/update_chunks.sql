-- Gives kept chunks the words around them and the language that they have now; rows that are right already are not
-- touched, so that their words are not stemmed again. Returns nothing.
update public.chunks c
set title = n.title, heading_path = n.heading_path, context = n.context, content = n.content, language = n.language
from (
  select u.id, u.title, array(select jsonb_array_elements_text(u.headings)) as heading_path, u.context, u.content,
         u.language
  from unnest(
    %(chunk_ids)s::bigint[], %(titles)s::text[], %(headings)s::jsonb[], %(contexts)s::text[], %(contents)s::text[],
    %(languages)s::text[]
  ) u (id, title, headings, context, content, language)
) n
where c.id = n.id
  and (c.title, c.heading_path, c.context, c.content, c.language)
      is distinct from (n.title, n.heading_path, n.context, n.content, n.language)
