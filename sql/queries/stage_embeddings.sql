-- Keeps vectors of a source that is embedded in pieces, and gives its job back without counting the attempt: its next
-- turn comes after the piece, by the piece's bytes. Does nothing when there is a newer text, or somebody is writing it.
-- Says in the document how many of its chunks are done, unless somebody is writing that: to wait for a writer, who will
-- want the job that we hold, would be a deadlock. Returns one row: whether it was done.
with held as materialized (
  select j.source_id
  from private.embedding_jobs j
  where j.source_id = %(source_id)s and j.revision = %(revision)s and j.failed_at is null
  for update skip locked
), staged as (
  insert into private.staged_embeddings (source_id, model_id, input_hash, embedding)
  select h.source_id, %(model_id)s, u.input_hash, u.embedding
  from held h
  cross join unnest(%(hashes)s::bytea[], %(embeddings)b::extensions.halfvec[]) u (input_hash, embedding)
  on conflict do nothing
), given_back as (
  update private.embedding_jobs j
  set turn = j.turn + make_interval(secs => private.embedding_seconds(%(bytes)s)),
      turn_ends = greatest(j.turn_ends, j.turn + make_interval(secs => private.embedding_seconds(%(bytes)s))),
      available_at = now(), attempts = greatest(j.attempts - 1, 0)
  from held h
  where j.source_id = h.source_id
  returning j.source_id
), told as (
  update public.documents d set chunks_done = %(done)s, chunks_total = %(total)s
  where d.id in (
    select l.id from public.documents l join given_back g on g.source_id = l.id for no key update of l skip locked)
)
select exists (select from given_back) as is_staged
