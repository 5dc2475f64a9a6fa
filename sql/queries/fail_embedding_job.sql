-- Notes why a job failed and when to try again; after max_attempts parks it and marks its document. An attempt costs a
-- turn: the next one comes later. The source is locked. Returns one row: whether it was failed; none when there is a
-- newer text.
with failed as (
  update private.embedding_jobs j
  set last_error = %(error)s,
      available_at = now() + make_interval(secs => %(delay_s)s),
      turn = j.turn_ends,
      turn_ends = j.turn_ends + (j.turn_ends - j.turn),
      failed_at = case when j.attempts >= %(max_attempts)s then now() end
  where j.source_id = %(source_id)s and j.revision = %(revision)s
  returning j.document_id, j.failed_at is not null as has_failed
), marked as (
  update public.documents d set status = 'failed', error = %(error)s
  from failed f where d.id = f.document_id and f.has_failed
)
select has_failed from failed
