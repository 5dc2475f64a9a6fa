-- Returns id, title, error, updated_at of documents that could not be embedded, as the caller of these verified claims
-- may read them, the latest first. One statement in autocommit, as search_as.
select id, title, error, updated_at from private.failed_documents_as(%(claims)s::text, %(max_rows)s::integer)
