-- Purpose: the bucket takes what clients send by default. Storage compares a file's type with the list as text, and both
--   client libraries send text as "text/plain;charset=UTF-8" unless told otherwise; browsers write the charset in small letters.
-- Undo: update storage.buckets set allowed_mime_types = '{text/plain,text/markdown,text/html,application/pdf}'
--   where id = 'documents';
set local lock_timeout = '10s';
set local statement_timeout = '60s';

update storage.buckets
set allowed_mime_types = array['application/pdf'] || array(
  select kind || charset
  from unnest(array['text/plain', 'text/markdown', 'text/html']) kind,
       unnest(array['', ';charset=UTF-8', ';charset=utf-8', '; charset=UTF-8', '; charset=utf-8']) charset)
where id = 'documents';
