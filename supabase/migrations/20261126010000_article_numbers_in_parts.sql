-- Purpose: an article number is found in parts as well: people type "SLP 0421", as catalogues print it.
-- Undo: create article_matches of 20261123030200 again.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create or replace function private.article_matches(query text, scopes uuid[]) returns setof private.chunk_match
language plpgsql stable security definer rows 1 set search_path = ''
as $$
declare
  words text[];
begin
  if query !~ '\d' then
    return;
  end if;
  -- Of a query that is a text, the first 256 words count.
  words := (regexp_split_to_array(query, '\s+'))[:256];
  return query
    select m.product_id, m.chunk_id, m.score
    from (
      select distinct on (p.id) p.id as product_id, c.id as chunk_id,
             case when p.number = w.number then 1 else 0.9 end::double precision as score
      from (
        -- Words first, then two and three together, which must be the whole number: "2 cable" is no beginning.
        select n.number, min(n.more) as more
        from (
          select upper(regexp_replace(array_to_string(words[i:i + more], ''), '[^[:alnum:]]', '', 'g')) as number, more, i
          from generate_subscripts(words, 1) i cross join generate_series(0, 2) more
          where i + more <= cardinality(words) and array_to_string(words[i:i + more], '') ~ '\d') n
        where char_length(n.number) >= 4
        group by n.number order by min(n.more), min(n.i) limit 24) w
      -- No more of each than are wanted of all: half of a shop may have one beginning.
      cross join lateral (
        select r.id, upper(regexp_replace(r.sku, '[^[:alnum:]]', '', 'g')) as number
        from public.products r
        where upper(regexp_replace(r.sku, '[^[:alnum:]]', '', 'g')) collate "C" >= w.number
          and upper(regexp_replace(r.sku, '[^[:alnum:]]', '', 'g')) collate "C"
              < w.number || case when w.more = 0 then chr(1114111) else '0' end
          and r.scope_id = any (scopes)
          and exists (select from public.chunks x where x.product_id = r.id)
        order by upper(regexp_replace(r.sku, '[^[:alnum:]]', '', 'g')) collate "C" limit 20) p
      join public.chunks c on c.product_id = p.id
      order by p.id, 3 desc, c.position) m
    order by m.score desc, m.product_id
    limit 20;
end $$;
comment on function private.article_matches(text, uuid[]) is
  'Products whose article number, or its beginning, stands in the query, however it is punctuated, or the whole of it in two '
  'or three parts. Definer: asked only by keyword_matches, with the caller''s audiences.';
