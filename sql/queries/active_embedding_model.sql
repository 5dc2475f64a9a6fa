-- Returns one row: name and dimensions of the model that search uses, null when none is active.
select name, dimensions from private.active_embedding_model()
