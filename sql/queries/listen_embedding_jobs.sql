-- Wakes this session when there is a new job. Returns nothing.
listen embedding_jobs
