-- Locks documents against writers, in order, and returns them with their scope. Those that somebody is writing are
-- left out: to wait for a writer, who will want the job that we hold, would be a deadlock.
select d.id as source_id, d.scope_id
from public.documents d
where d.id = any (%(source_ids)s)
order by d.id
for no key update skip locked
