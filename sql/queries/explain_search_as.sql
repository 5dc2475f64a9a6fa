-- Returns one row (results, complete, syntax, corrections, more, moments, explanation): as search_as, and why it was found, as JSON: the plan,
-- the parts of each score, and of each of explain_ids why it is where it is. One statement in autocommit, as search_as.
select to_json((found.answer).results) as results, (found.answer).complete, (found.answer).syntax,
       to_json((found.answer).corrections) as corrections, (found.answer).more,
       case when %(traced)s::boolean then (found.answer).moments end as moments, found.explanation
from private.explain_search_as(
  %(claims)s::text, %(query)s::text, %(query_embedding)b::extensions.halfvec, %(mode)s::text, %(kinds)s::text[],
  %(max_results)s::integer, %(filters)s::jsonb, %(embedding_model)s::text, %(effort)s::text,
  %(passages_per_result)s::integer, %(include)s::text[], %(syntax)s::text, %(explain_ids)s::uuid[], %(trace)s::text, %(prefix)s::boolean) found
