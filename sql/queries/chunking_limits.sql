-- Returns one row: the most chunks that one text may make, and the processor time that cutting it may take.
select private.limit_of('chunks_per_text') as chunks, private.limit_of('chunking_seconds_per_text') as seconds
