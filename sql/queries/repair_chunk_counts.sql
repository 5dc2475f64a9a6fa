-- repair_chunk_counts
-- Corrects the counts of chunks. Returns one row: of how many scopes they were wrong.
select private.repair_chunk_counts() as steps
