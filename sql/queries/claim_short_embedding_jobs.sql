-- Takes short texts that are due, of tenants other than those given, at most max_jobs of the next max_looked_at, until
-- lease_s from now; returns them. What a worker does beside a large batch, so that nobody waits for it.
with next as materialized (
  select j.source_id, j.tenant_id
  from private.embedding_jobs j
  where j.failed_at is null and j.is_short and j.available_at <= now()
  order by j.turn, j.revision
  limit %(max_looked_at)s
), due as materialized (
  select j.source_id
  from private.embedding_jobs j
  join next n on n.source_id = j.source_id and n.tenant_id <> all (%(tenant_ids)s::uuid[])
  where j.failed_at is null and j.available_at <= now()
  order by j.turn, j.revision
  limit %(max_jobs)s
  for update of j skip locked
)
update private.embedding_jobs j
set attempts = j.attempts + 1, available_at = now() + make_interval(secs => %(lease_s)s)
from due u
where j.source_id = u.source_id
returning j.source_id, j.document_id is not null as is_document, j.revision, j.attempts, j.tenant_id, j.is_short,
  j.traceparent
