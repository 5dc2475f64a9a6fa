-- recommend_as
-- Returns one row (recommendations, source): products for the caller of these verified claims, best first, as JSON. One
-- statement in autocommit, as search_as.
select to_jsonb(recommendations) as recommendations, source
from private.recommend_as(
  %(claims)s::text, %(like_product)s::uuid, %(category)s::text, %(max_results)s::integer, %(mode)s::text,
  %(trace)s::text)
