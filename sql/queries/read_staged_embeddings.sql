-- Returns the vectors of one model that are staged for the given sources.
select s.input_hash, s.embedding
from private.staged_embeddings s
where s.source_id = any (%(source_ids)s) and s.model_id = %(model_id)s
