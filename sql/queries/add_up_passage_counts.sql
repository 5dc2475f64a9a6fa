-- add_up_passage_counts
-- Leaves one row an audience of the counts of passages. Returns one row: 0.
select 0 as steps from private.add_up_passage_counts()
