-- post_passages
-- Gathers the words of up to max_rows passages when more than tolerated wait. Returns one row: of how many.
select private.post_passages(%(max_rows)s, %(tolerated)s) as steps
