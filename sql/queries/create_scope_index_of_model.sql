-- create_scope_index_of_model
-- Gives a scope that has grown to a large scope an index of this model's vectors. Returns one row: whether there was one.
select private.create_scope_index(%(model_id)s::smallint) is not null as is_opened
