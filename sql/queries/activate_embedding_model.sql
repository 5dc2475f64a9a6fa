-- activate_embedding_model
-- Makes a model the one that search uses. Returns one row.
select private.activate_embedding_model(%(name)s)
