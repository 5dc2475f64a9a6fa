-- recommend_as
-- Returns source, product_id, name, price, currency, category_slug, score, because: products for the caller of these verified
-- claims, best first. One statement in autocommit, as search_as.
select source, product_id, name, price, currency, category_slug, score, because
from private.recommend_as(
  %(claims)s::text, %(like_product)s::uuid, %(category)s::text, %(max_results)s::integer, %(mode)s::text)
