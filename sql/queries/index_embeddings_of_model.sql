-- index_embeddings_of_model
-- Puts up to max_rows vectors of the model into an index when the collection wants one. Returns one row: how many.
select private.index_embeddings(%(max_rows)s, 0, %(model_id)s::smallint) as steps
