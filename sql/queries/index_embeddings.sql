-- index_embeddings
-- Puts up to max_rows vectors into an index when more than tolerated wait and the collection wants one. Returns one row: how many.
select private.index_embeddings(%(max_rows)s, %(tolerated)s) as steps
