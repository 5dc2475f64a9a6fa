-- Returns one row: how far the worker is behind with embedding (pending, failed, oldest_pending_seconds, and
-- documents_pending, those of the pending that are documents), with files and with payments, the model that search uses
-- (model, dimensions), null when none is active, and when the server was started.
select c.waiting as payments_waiting, c.failed as payments_failed, c.oldest_waiting_seconds as payments_oldest_seconds,
       f.waiting as files_waiting, f.reading as files_reading, f.failed as files_failed,
       f.oldest_waiting_seconds as files_oldest_seconds,
       q.pending, q.failed, q.oldest_pending_seconds, q.documents_pending, m.name as model, m.dimensions,
       extract(epoch from pg_postmaster_start_time())::double precision as started_seconds
from private.embedding_queue_status() q
cross join private.file_queue_status() f
cross join private.payment_queue_status() c
left join private.active_embedding_model() m on true
