-- Takes the file whose turn is next for lease_s seconds. Returns one row: the file, where it lies in bucket documents, and
-- a ticket that opens it; file_id is null when there is none.
select c.file_id, c.revision, c.attempts, c.path, c.content_type, c.size, c.title, c.ticket, c.traceparent
from private.claim_file(%(lease_s)s) c
