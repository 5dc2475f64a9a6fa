-- forget_counted
-- Forgets what cannot come again. Returns one row, steps: how many keys.
select private.forget_counted() as steps
