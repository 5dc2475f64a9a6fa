-- close_shard
-- Drops the index of an audience that is no giant any more. Returns one row: 1 when there was one, else 0.
select (private.close_shard() is not null)::integer as steps
