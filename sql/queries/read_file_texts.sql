-- Returns the texts of files of the given documents, in the order of the files' names, with where their pages begin and
-- whether they are Markdown.
select t.document_id, t.file_id, t.content, t.page_starts, t.is_markdown
from public.file_texts t join public.document_files f on f.id = t.file_id
where t.document_id = any (%(document_ids)s)
order by t.document_id, f.name collate "C", f.id
