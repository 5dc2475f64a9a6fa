-- process_removals
-- Removes up to max_rows rows of what waits in private.removals. Returns one row, steps: how many; 0 when nothing waits.
select private.process_removals(%(max_rows)s::integer) as steps
