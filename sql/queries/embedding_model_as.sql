-- Returns one row: name and dimensions of the model that search uses, null when none is active, unless the account of
-- the caller of these verified claims is closed. One statement in autocommit, as search_as.
select name, dimensions from private.embedding_model_as(%(claims)s::text, %(trace)s::text)
