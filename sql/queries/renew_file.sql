-- Keeps a file that is being read for another lease_s. Returns one row.
select private.renew_file(%(file_id)s, %(revision)s, %(lease_s)s)
