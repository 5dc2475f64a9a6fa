-- Has this connection told when a file is queued. Returns nothing.
listen file_jobs
