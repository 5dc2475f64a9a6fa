-- expire_invitations
-- Marks invitations that nobody answered in time, and forgets old ones, up to max_rows of each. Returns one row, steps: how many.
select private.expire_invitations(%(max_rows)s::integer) as steps
