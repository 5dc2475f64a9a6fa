-- Returns one row: how far the worker is behind (pending, failed, oldest_pending_seconds), and the model that search
-- uses (model, dimensions), null when none is active.
select c.waiting as payments_waiting, c.failed as payments_failed, c.oldest_waiting_seconds as payments_oldest_seconds,
       q.pending, q.failed, q.oldest_pending_seconds, m.name as model, m.dimensions
from private.embedding_queue_status() q
cross join private.payment_queue_status() c
left join private.active_embedding_model() m on true
