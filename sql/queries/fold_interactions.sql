-- fold_interactions
-- Counts up to max_rows interactions. Returns one row, steps: how many.
select private.fold_interactions(%(max_rows)s::integer) as steps
