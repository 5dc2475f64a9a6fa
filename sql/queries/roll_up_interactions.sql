-- roll_up_interactions
-- Counts up to max_rows interactions. Returns one row, steps: how many.
select private.roll_up_interactions(%(max_rows)s::integer) as steps
