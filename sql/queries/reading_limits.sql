-- Returns one row: what reading one file may take and give.
select private.limit_of('file_bytes') as bytes, private.limit_of('file_pages') as pages,
       private.limit_of('file_seconds') as seconds, private.limit_of('file_memory_bytes') as memory_bytes,
       private.limit_of('file_unpacked_bytes') as unpacked_bytes,
       private.limit_of('file_unpacked_entries') as unpacked_entries,
       private.limit_of('file_text_bytes_of_document') as text_bytes
