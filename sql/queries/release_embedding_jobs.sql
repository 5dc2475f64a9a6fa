-- Gives jobs back, to be taken after delay_s, the attempt not counted. Returns nothing.
with held as materialized (
  select j.source_id
  from private.embedding_jobs j
  join unnest(%(source_ids)s::uuid[], %(revisions)s::bigint[]) t (source_id, revision)
    on t.source_id = j.source_id and t.revision = j.revision
  where j.failed_at is null
  order by j.source_id
  for update of j skip locked
)
update private.embedding_jobs j
set available_at = now() + make_interval(secs => %(delay_s)s), attempts = greatest(j.attempts - 1, 0)
from held h where j.source_id = h.source_id
