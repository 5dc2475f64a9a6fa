-- purge_counted_interactions
-- Forgets what cannot come again. Returns one row, steps: how many keys.
select private.purge_counted_interactions() as steps
