-- Removes chunks, and with them their vectors. Returns nothing.
delete from public.chunks c where c.id = any (%(chunk_ids)s)
