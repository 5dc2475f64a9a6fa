-- drop_embedding_model
-- Removes a model that search does not use, with its vectors and indexes. Returns one row.
select private.drop_embedding_model(%(name)s)
