-- Returns one row (orders, complete): orders of the caller of these verified claims, the latest first, as JSON, and whether
-- these are all. One statement in autocommit, as search_as.
select answer -> 'orders' as orders, (answer ->> 'complete')::boolean as complete
from private.my_orders_as(%(claims)s::text, %(order_id)s::uuid, %(max_orders)s::integer) answer
