-- Returns id, title, error, updated_at of documents that could not be embedded, the latest first: those that the caller of
-- these verified claims owns or edits for an organization. One statement in autocommit, as search_as.
select id, title, error, updated_at from private.failed_documents_as(%(claims)s::text, %(max_rows)s::integer, %(trace)s::text)
