-- open_shard
-- Gives an audience that has grown to a giant an index of its own. Returns one row: 1 when there was one, else 0.
select (private.open_shard() is not null)::integer as steps
