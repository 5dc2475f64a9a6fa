-- Returns one row: number, name and dimensions of the model that search uses, null when none is active.
select id, name, dimensions from private.active_embedding_model()
