-- Locks the jobs that still are at the revision that was taken, and returns them. The others have a newer text.
select j.source_id
from private.embedding_jobs j
join unnest(%(source_ids)s::uuid[], %(revisions)s::bigint[]) t (source_id, revision)
  on t.source_id = j.source_id and t.revision = j.revision
order by j.source_id
for update of j
