-- open_shard_of_model
-- Gives an audience that has grown to a giant an index of this model's vectors. Returns one row: whether there was one.
select private.open_shard(%(model_id)s::smallint) is not null as is_opened
