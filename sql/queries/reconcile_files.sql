-- Records files that no trigger has seen. Returns one row: how many, and whether there is a trigger.
select r.steps, r.is_watched from private.reconcile_files(%(max_rows)s) r
