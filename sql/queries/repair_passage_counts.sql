-- repair_passage_counts
-- Corrects the counts of passages. Returns one row: of how many audiences they were wrong.
select private.repair_passage_counts() as steps
