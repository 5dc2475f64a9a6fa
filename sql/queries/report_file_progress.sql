-- Notes how much of a file has been read. Returns one row.
select private.report_file_progress(%(file_id)s, %(revision)s, %(done)s, %(total)s, %(unit)s)
