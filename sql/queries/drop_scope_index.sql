-- drop_scope_index
-- Drops the index of an scope that is no large scope any more. Returns one row: 1 when there was one, else 0.
select (private.drop_scope_index() is not null)::integer as steps
