-- Returns one row, source: a document or product with a part of its text, as JSON; null for one that the caller of these
-- verified claims may not read. One statement in autocommit, as search_as.
select answer -> 'source' as source
from private.read_source_as(
  %(claims)s::text, %(source_id)s::uuid, %(skip)s::integer, %(max_characters)s::integer) answer
