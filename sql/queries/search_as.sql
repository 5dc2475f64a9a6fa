-- Returns one row (results, complete, syntax, corrections, more, moments): what the caller of these verified claims may read, best
-- first, as JSON, how the query was read, which words were corrected, whether there is more, and for who traces it when its parts ended
-- (private.timed_answer), else null. One statement in autocommit: the role lasts until its transaction ends.
select to_json(results) as results, complete, syntax, to_json(corrections) as corrections, more,
       case when %(traced)s::boolean then moments end as moments
from private.search_as(
  %(claims)s::text, %(query)s::text, %(query_embedding)b::extensions.halfvec, %(mode)s::text, %(kinds)s::text[],
  %(max_results)s::integer, %(filters)s::jsonb, %(embedding_model)s::text, %(effort)s::text,
  %(passages_per_result)s::integer, %(include)s::text[], %(syntax)s::text, %(trace)s::text, %(prefix)s::boolean)
