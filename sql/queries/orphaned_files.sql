-- Files of bucket documents whose document is gone, which nobody can read any more. Returns their names.
select o.name
from storage.objects o
where o.bucket_id = 'documents' and private.document_of_file(o.name) is not null
  and not exists (
    select from public.documents d where d.id = private.document_of_file(o.name) and d.created_at <= o.created_at)
order by o.name
