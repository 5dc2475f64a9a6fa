-- Removes the jobs of sources that are up to date; they are locked at their revision. Returns nothing.
delete from private.embedding_jobs j where j.source_id = any (%(source_ids)s)
