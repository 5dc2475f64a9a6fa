-- Notes how many pages of a file have been read. Returns one row.
select private.report_file_progress(%(file_id)s, %(revision)s, %(done)s, %(total)s)
