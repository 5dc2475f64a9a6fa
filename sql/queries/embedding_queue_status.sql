-- Returns one row: how far the worker is behind (pending, failed, oldest_pending_seconds).
select pending, failed, oldest_pending_seconds from private.embedding_queue_status()
