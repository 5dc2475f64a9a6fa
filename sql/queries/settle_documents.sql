-- Says how documents are now that they have been embedded: by what waits and what has failed of them; what they say of
-- themselves at their heads; and how many chunks they have. Returns one row.
select private.settle_documents(%(document_ids)s, %(front_matters)s::jsonb[], %(chunks)s)
