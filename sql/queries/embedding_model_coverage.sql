-- embedding_model_coverage
-- Returns every model: id, name, dimensions, is_active, and how many chunks there are, have its vector, wait for an index.
select id, name, dimensions, is_active, chunks, embedded, waiting from private.embedding_model_coverage()
