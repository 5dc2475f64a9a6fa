-- Purpose: an article number is found as people type it: in parts ("SLP 0421"), among commas, in full-width letters, in
-- quotes, and when it is short or without a digit; and left out after a minus.
-- Undo: create article_matches and sources_with of 20261123030200 again; drop function private.article_number(text).
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create function private.article_number(typed text) returns text
language sql immutable security invoker parallel safe set search_path = ''
as $$ select upper(regexp_replace(normalize(typed, nfkc), '[^[:alnum:]]', '', 'g')) $$;
comment on function private.article_number(text) is 'Letters and digits alone, as the index of article numbers has them.';

create or replace function private.article_matches(query text, scopes uuid[]) returns setof private.chunk_match
language plpgsql stable security definer rows 1 set search_path = ''
as $$
declare
  -- Of a query that is a text, the first 256 words count.
  words constant text[] := (regexp_split_to_array(query, '[\s,;:]+'))[:256];
begin
  return query
    select m.product_id, m.chunk_id, m.score
    from (
      select distinct on (p.id) p.id as product_id, c.id as chunk_id,
             case when p.number = w.number then 1 else 0.9 end::double precision as score
      from (
        -- What has a digit first; words before two and three together, which must be the whole number: "2 cable" is no
        -- beginning, nor is a word.
        select n.number, min(n.more) = 0 and n.number ~ '\d' and char_length(n.number) >= 4 as may_begin
        from (
          select private.article_number(array_to_string(words[i:i + more], '')) as number, more, i
          from generate_subscripts(words, 1) i cross join generate_series(0, 2) more
          where i + more <= cardinality(words) and (more = 0 or array_to_string(words[i:i + more], '') ~ '\d')) n
        where n.number <> ''
        group by n.number order by n.number ~ '\d' desc, min(n.more), min(n.i) limit 24) w
      -- No more of each than are wanted of all: half of a shop may have one beginning.
      cross join lateral (
        select r.id, upper(regexp_replace(r.sku, '[^[:alnum:]]', '', 'g')) as number
        from public.products r
        where upper(regexp_replace(r.sku, '[^[:alnum:]]', '', 'g')) collate "C" >= w.number
          and upper(regexp_replace(r.sku, '[^[:alnum:]]', '', 'g')) collate "C"
              < w.number || case when w.may_begin then chr(1114111) else '0' end
          and r.scope_id = any (scopes)
          and exists (select from public.chunks x where x.product_id = r.id)
        order by upper(regexp_replace(r.sku, '[^[:alnum:]]', '', 'g')) collate "C" limit 20) p
      join public.chunks c on c.product_id = p.id
      order by p.id, 3 desc, c.position) m
    order by m.score desc, m.product_id
    limit 20;
end $$;
comment on function private.article_matches(text, uuid[]) is
  'Products whose article number stands in the query, however it is punctuated and in up to three parts, or its beginning, '
  'from four characters with a digit on. Definer: asked only by keyword_matches, with the caller''s audiences.';

create or replace function private.sources_with(texts text[], kinds text[]) returns setof uuid
language plpgsql stable security definer rows 100 set search_path = ''
as $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  direct constant bigint[] := private.unposted_passages(scopes, private.search_shares(kinds));
begin
  return query
    with phrases as materialized (
      select s.stemmer, phraseto_tsquery(('pg_catalog.' || s.stemmer)::regconfig, t.text) as match,
             tsvector_to_array(to_tsvector(('pg_catalog.' || s.stemmer)::regconfig, t.text)) as words
      from unnest(texts) t (text)
      cross join (select distinct c.stemmer from private.query_words(array_to_string(texts, ' ')) c) s
    ), candidates as (
      select m.chunk_id, h.match
      from phrases h
      cross join lateral (
        select u.posting >> 16 as posting_id
        from private.postings p cross join lateral unnest(p.postings) u (posting)
        where p.scope_id = any (scopes) and p.word = any (h.words) and p.stemmer = h.stemmer
        group by u.posting >> 16 having count(*) = cardinality(h.words)) u
      join private.posted_passages m using (posting_id)
      union all
      select d.id, h.match from unnest(direct) d (id) cross join phrases h)
    select distinct c.source_id
    from candidates x join public.chunks c on c.id = x.chunk_id and c.search_vector @@ x.match
    union
    select p.id
    from unnest(texts) t (text)
    join public.products p
      on upper(regexp_replace(p.sku, '[^[:alnum:]]', '', 'g')) collate "C" = private.article_number(t.text)
    where p.scope_id = any (scopes);
end $$;
comment on function private.sources_with(text[], text[]) is
  'Sources of the caller''s audiences with a passage that has one of the phrases, or that have one as article number. '
  'Definer: as query_terms; search reads what this names under the policies again.';
