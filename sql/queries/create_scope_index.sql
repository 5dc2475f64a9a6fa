-- create_scope_index
-- Gives a scope that has grown to a large scope an index of its own. Returns one row: 1 when there was one, else 0.
select (private.create_scope_index() is not null)::integer as steps
