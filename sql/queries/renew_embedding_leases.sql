-- Keeps jobs that are being worked on for another lease_s. Returns nothing.
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
set available_at = now() + make_interval(secs => %(lease_s)s)
from held h where j.source_id = h.source_id
