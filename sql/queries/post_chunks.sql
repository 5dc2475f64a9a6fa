-- post_chunks
-- Gathers the words of up to max_rows chunks when more than tolerated wait. Returns one row: of how many.
select private.post_chunks(%(max_rows)s, %(tolerated)s) as steps
