-- Gives a file back, the attempt not counted. Returns one row.
select private.release_file(%(file_id)s, %(revision)s)
