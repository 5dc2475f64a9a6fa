-- Says how documents are now, by what waits and what has failed of them. Returns one row.
select private.settle_documents(%(document_ids)s)
