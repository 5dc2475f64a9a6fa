-- revert_purchases
-- Takes up to max_rows cancelled purchases out of the counts. Returns one row, steps: how many.
select private.revert_purchases(%(max_rows)s::integer) as steps
