-- Gives chunks of a long text, which go once the new ones are there, places behind these. Returns nothing.
update public.chunks c
set position = u.position
from unnest(%(chunk_ids)s::bigint[]) with ordinality n (id, number)
cross join lateral (select %(total)s + n.number::integer - 1 as position) u
where c.id = n.id and c.position <> u.position
