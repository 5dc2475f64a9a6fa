-- Returns one row (hits, expected): how many results an exact search of the caller of these verified claims has, and how many
-- of these the usual search finds. One statement in autocommit, as search_as.
select hits, expected
from private.search_recall_as(
  %(claims)s::text, %(query)s::text, %(query_embedding)b::extensions.halfvec, %(mode)s::text, %(kinds)s::text[],
  %(max_results)s::integer, %(filters)s::jsonb, %(embedding_model)s::text,
  %(syntax)s::text, %(prefix)s::boolean)
