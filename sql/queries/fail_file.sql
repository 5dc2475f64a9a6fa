-- Notes why a file could not be read: for good, or to be tried again after delay_s. Returns one row.
select private.fail_file(%(file_id)s, %(revision)s, %(error)s, %(delay_s)s, %(is_final)s)
