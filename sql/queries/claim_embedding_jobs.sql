-- Takes the jobs that are due and whose turn is next, at most max_jobs and about max_bytes of text, until lease_s from now; returns them in that order.
-- Jobs that somebody holds or is writing are left alone. Sizes are read without reading the texts.
with due as materialized (
  select j.source_id, j.document_id, j.product_id, j.turn, j.revision
  from private.embedding_jobs j
  where j.failed_at is null and j.available_at <= now()
  order by j.turn, j.revision
  limit %(max_jobs)s
  for update skip locked
), sized as (
  select u.source_id, sum(b.bytes) over o - b.bytes as bytes_before
  from due u
  left join public.documents d on d.id = u.document_id
  left join public.products p on p.id = u.product_id
  cross join lateral (
    select coalesce(octet_length(d.content), octet_length(p.description), 0) + coalesce(sum(octet_length(t.content)), 0)
             as bytes
    from public.file_texts t where t.document_id = u.document_id) b
  window o as (order by u.turn, u.revision)
), taken as (
  update private.embedding_jobs j
  set attempts = j.attempts + 1, available_at = now() + make_interval(secs => %(lease_s)s)
  from sized s
  where j.source_id = s.source_id and s.bytes_before < %(max_bytes)s
  returning j.*
)
select t.source_id, t.document_id is not null as is_document, t.revision, t.attempts, t.tenant_id, t.is_short, t.traceparent
from taken t
order by t.turn, t.revision
