-- roll_up_chunk_counts
-- Leaves one row an scope of the counts of chunks. Returns one row: 0.
select 0 as steps from private.roll_up_chunk_counts()
