-- remove_some
-- Removes up to max_rows rows of what waits in private.removals. Returns one row, steps: how many; 0 when nothing waits.
select private.remove_some(%(max_rows)s::integer) as steps
