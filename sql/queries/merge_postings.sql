-- merge_postings
-- Merges small blocks of postings of one scope. Returns one row: 1 when there were any, else 0.
select private.merge_postings()::integer as steps
