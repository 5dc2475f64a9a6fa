-- Returns one row if searches could be answered: next, to be given as `since` the next time; everything, people and sources
-- whose rights ended since then; behind_s, how far a replica is behind. One statement in autocommit.
select next, everything, people, sources, behind_s from private.heartbeat(%(since)s::text)
