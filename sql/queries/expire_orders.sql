-- expire_orders
-- Cancels up to max_orders orders that were not paid in time. Returns one row, steps: how many.
select private.expire_orders(%(max_orders)s::integer) as steps
