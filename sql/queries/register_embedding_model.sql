-- register_embedding_model
-- Adds a model and its index. Returns one row: its id.
select private.register_embedding_model(%(name)s, %(dimensions)s) as id
