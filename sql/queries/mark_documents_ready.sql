-- Says that documents are searchable as they stand. Returns nothing.
update public.documents d set status = 'ready', error = null
where d.id = any (%(source_ids)s) and (d.status <> 'ready' or d.error is not null)
