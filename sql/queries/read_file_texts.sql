-- Returns the texts of files of the given documents, in order, with where their pages begin.
select t.document_id, t.file_id, t.content, t.page_starts
from public.file_texts t
where t.document_id = any (%(document_ids)s)
order by t.document_id, t.file_id
