-- Search by words: BM25 over postings.
--
-- The rarest words of a query find chunks: their postings are read up to a bound, scored, and the best located in
-- public.chunks. Chunks that are not posted yet, and all found ones when the bound cut something off, are scored from
-- their text by the same formula.

create function private.sku_matches(query text, scopes uuid[], sources uuid[]) returns setof private.chunk_match
language plpgsql stable security definer rows 1 set search_path = pg_catalog, pg_temp
as $$
declare
  -- Only the first 256 words of a query count.
  words constant text[] := (regexp_split_to_array(query, '[\s,;:]+'))[:256];
begin
  return query
    select m.product_id, m.chunk_id, m.score
    from (
      select distinct on (p.id) p.id as product_id, c.id as chunk_id,
             case when p.number = w.number then 1 else 0.9 end::double precision as score
      from (
        -- Candidates with a digit first, single words before two and three joined. Only a single word with a digit may
        -- be the start of a SKU: "2 cable" is not.
        select n.number, min(n.more) = 0 and n.number ~ '\d' and char_length(n.number) >= 4 as may_begin
        from (
          select private.sku_key(array_to_string(words[i:i + more], '')) as number, more, i
          from generate_subscripts(words, 1) i cross join generate_series(0, 2) more
          where i + more <= cardinality(words) and (more = 0 or array_to_string(words[i:i + more], '') ~ '\d')) n
        where n.number <> ''
        group by n.number order by n.number ~ '\d' desc, min(n.more), min(n.i) limit 24) w
      -- At most 100 for each: half of a shop's SKUs may start alike.
      cross join lateral (
        select r.id, upper(regexp_replace(r.sku, '[^[:alnum:]]', '', 'g')) as number
        from public.products r
        where upper(regexp_replace(r.sku, '[^[:alnum:]]', '', 'g')) collate "C" >= w.number
          and upper(regexp_replace(r.sku, '[^[:alnum:]]', '', 'g')) collate "C"
              < w.number || case when w.may_begin then chr(1114111) else '0' end
          and r.scope_id = any (scopes)
          and (sources is null or r.id in (select unnest(sources)))
          and exists (select from public.chunks x where x.product_id = r.id)
        order by upper(regexp_replace(r.sku, '[^[:alnum:]]', '', 'g')) collate "C" limit 100) p
      join public.chunks c on c.product_id = p.id
      order by p.id, 3 desc, c.position) m
    order by m.score desc, m.product_id
    limit 100;
end $$;
comment on function private.sku_matches is
  'Products whose SKU is in the query, however it is punctuated and in up to three words, or starts with a word of at '
  'least four characters with a digit. Definer: called by keyword_matches with the caller''s scopes.';

create function private.posting_limit(chunks bigint) returns bigint
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select greatest(30000, chunks / 8) $$;
comment on function private.posting_limit is 'Postings that a search of so many chunks reads, 0.6 microseconds each.';

create function private.posting_row_limit() returns integer
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select 10000 $$;
comment on function private.posting_row_limit is
  'Rows of postings, one per word and segment, that a search reads, at about 2 microseconds each.';

create function private.passing(matches private.chunk_match[], wanted private.source_filter)
returns private.chunk_match[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  sources uuid[];
begin
  if wanted is null then
    return matches;
  end if;
  sources := array(select private.passing_sources(array(select m.source_id from unnest(matches) m), wanted));
  return array(select m from unnest(matches) m where m.source_id in (select unnest(sources)));
end $$;
comment on function private.passing is 'Those of these chunks whose sources pass the filter, if there is one.';

create type private.posting_row as (postings bigint[], weight double precision, average_length double precision);
comment on type private.posting_row is 'The postings of a row of private.postings, and what its word counts.';

create type private.posting_scores as (posting_ids bigint[], scores double precision[]);
comment on type private.posting_scores is 'The best postings and their scores, best first.';

create function private.posting_rows(terms private.query_term[], scopes uuid[], posting_limit bigint, row_limit integer)
returns private.posting_row[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select (r.postings, r.weight, r.average_length)::private.posting_row
    from (
      select s.weight, s.average_length, case when p.size > posting_limit then p.postings[:posting_limit::integer]
               else p.postings end as postings,
             sum(p.size) over (order by s.read rows unbounded preceding) - p.size as read_before
      from (
        -- The rarest words find the chunks, as many words as there is time for, and at least one. The others tell
        -- little.
        select t.*, sum(t.frequency) over (order by t.weight desc, t.frequency, t.word, t.stemmer, t.original) as read
        from unnest(terms) t) s
      -- Word by word: the planner, which does not know how few they are, would read all postings of a small table.
      cross join lateral (
        select w.postings, w.size from private.postings w
        where w.scope_id = any (scopes) and w.word = s.word and w.stemmer = s.stemmer offset 0) p
      where s.read <= posting_limit or s.read = s.frequency
      limit row_limit) r
    where r.read_before < posting_limit); -- a single word may have more
end $$;
comment on function private.posting_rows is 'The rows of postings that a search reads, rarest words first.';

create function private.words_of_chunks(chunk_ids bigint[], terms private.query_term[])
returns table (
  place bigint, times double precision, tokens double precision, weight double precision,
  average_length double precision)
language plpgsql stable security invoker rows 1000 set search_path = pg_catalog, pg_temp
-- A nested loop would compare each word of each chunk with each word of the query: ten times as slow for 64 words.
set enable_nestloop = off set enable_mergejoin = off
as $$
begin
  return query
    -- As private.posting packs and private.posted_words unpacks them; a call for each would cost as much as all else.
    select v.place, least(case when w.written > 0 then w.written else cardinality(v.weights) end, 31)::double precision,
           least(case when w.written > 0 then v.tokens else 4 * v.tokens end, 2047)::double precision, t.weight,
           t.average_length
    from (
      select u.place, c.stemmer, c.token_count as tokens, x.lexeme, x.weights
      from public.chunks c
      join unnest(chunk_ids) with ordinality u (id, place) on u.id = c.id
      cross join lateral unnest(c.search_vector) x
      where c.id = any (chunk_ids)
      offset 0) v -- before the join, so that each chunk is taken apart once
    join unnest(terms) t on t.word = v.lexeme and t.stemmer = v.stemmer
    cross join lateral (select coalesce(cardinality(array_remove(v.weights, 'C')), 1) as written) w;
end $$;
comment on function private.words_of_chunks is
  'The words of these chunks that the query asks for, from their text: about 10 microseconds a chunk.';

create function private.bm25_scores(
  posting_rows private.posting_row[], posting_limit bigint, terms private.query_term[], chunk_ids bigint[])
returns table (id bigint, score double precision)
language plpgsql stable security invoker rows 1000 set search_path = pg_catalog, pg_temp
as $$
declare
  -- Robertson and Zaragoza 2009: k1 = 1.2, b = 0.75. In doubles: a numeric among the numbers takes half of the time.
  base constant double precision := 1.2 * (1 - 0.75);
  slope constant double precision := 1.2 * 0.75;
begin
  return query
    select s.id, sum(s.score)
    from (
      select o.id, o.weight * o.times / (o.times + base + slope / o.average_length * o.tokens) as score
      from (
        -- Unpacked as private.posting packs them.
        (select p.posting >> 16 as id, ((p.posting >> 11) & 31)::double precision as times,
                (p.posting & 2047)::double precision as tokens, p.weight, p.average_length
         from (select unnest(r.postings) as posting, r.weight, r.average_length from unnest(posting_rows) r) p
         limit posting_limit)
        union all
        select -c.place, c.times, c.tokens, c.weight, c.average_length
        from private.words_of_chunks(chunk_ids, terms) c) o
      offset 0) s -- computed before grouping, which then has less to move
    group by s.id;
end $$;
comment on function private.bm25_scores is
  'BM25 of every posting in these rows, and of these chunks from their text, over the most that the query could score: '
  '0 to 1. id: the posting number, or the place in chunk_ids, negative.';

create function private.best_postings(
  posting_rows private.posting_row[], posting_limit bigint, sources uuid[], excluded uuid[], most integer)
returns private.posting_scores
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  best private.posting_scores;
begin
  select array_agg(b.id order by b.score desc, b.id), array_agg(b.score order by b.score desc, b.id)
  into best.posting_ids, best.scores
  from (
    select s.id, s.score from private.bm25_scores(posting_rows, posting_limit, '{}', '{}') s
    where (sources is null or s.id in (
        select m.posting_id from public.chunks c join private.posted_chunks m on m.chunk_id = c.id
        where c.source_id = any (sources)))
      and (excluded is null or not s.id in (
        select m.posting_id from public.chunks c join private.posted_chunks m on m.chunk_id = c.id
        where c.source_id = any (excluded)))
    order by s.score desc, s.id limit most) b;
  return (coalesce(best.posting_ids, '{}'), coalesce(best.scores, '{}'));
end $$;
comment on function private.best_postings is 'The `most` best postings, of these sources only when they are given.';

create function private.scores_from_text(
  terms private.query_term[], chunk_ids bigint[], scopes uuid[], shares uuid[])
returns setof private.chunk_match
language plpgsql stable security invoker rows 100 set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select c.source_id, c.id, s.score
    from private.bm25_scores('{}', 0, terms, chunk_ids) s
    -- One by one: the planner, which does not know how few they are, would read all chunks of these scopes.
    cross join lateral (
      select x.source_id, x.id, x.scope_id from public.chunks x where x.id = chunk_ids[-s.id] offset 0) c
    where c.scope_id = any (scopes) or c.source_id = any (shares);
end $$;
comment on function private.scores_from_text is
  'BM25 of those of these chunks that are in the scopes or shared and have a word of the query, from their text.';

create function private.locate_postings(
  posting_ids bigint[], scores double precision[], sources uuid[], wanted private.source_filter, excluded uuid[],
  row_limit integer, out matches private.chunk_match[], out sources_found bigint)
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  found constant private.chunk_match[] := private.passing(array(
    select (c.source_id, c.id, b.score)::private.chunk_match
    from unnest(posting_ids, scores) b (posting_id, score)
    join private.posted_chunks m using (posting_id)
    join public.chunks c on c.id = m.chunk_id
    where (sources is null or c.source_id in (select unnest(sources)))
      and (excluded is null or not c.source_id in (select unnest(excluded)))), wanted);
begin
  with located as materialized (
    select f.source_id, f.chunk_id as id, f.score,
           row_number() over (partition by f.source_id order by f.score desc, f.chunk_id) as rank
    from unnest(found) f)
  select array(
           select (l.source_id, l.id, l.score)::private.chunk_match from located l
           where l.rank <= 2 order by l.score desc limit row_limit),
         (select count(*) from located l where l.rank = 1)
  into matches, sources_found;
end $$;
comment on function private.locate_postings is
  'The chunks of these postings that pass the filters, at most two a source, and of how many sources.';

create function private.best_of_sources(matches private.chunk_match[], row_limit integer) returns private.chunk_match[]
language plpgsql immutable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select (b.source_id, b.chunk_id, b.score)::private.chunk_match
    from (
      select distinct on (m.source_id) m.*
      from (select f.* from unnest(matches) f order by f.score desc, f.chunk_id limit row_limit) m
      order by m.source_id, m.score desc, m.chunk_id) b);
end $$;
comment on function private.best_of_sources is 'The best chunk of each source among the row_limit best.';

create function private.keyword_matches(
  query text, terms private.query_term[], kinds text[], sources uuid[], wanted private.source_filter, excluded uuid[],
  also bigint[], match_count integer, share double precision default 1)
returns private.search_leg
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set work_mem = '16MB'
as $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  shares constant uuid[] := private.search_shares(kinds);
  from_text bigint[] := also || private.unposted_chunks(scopes, shares);
  posting_limit constant bigint := ceil(share * private.posting_limit((private.search_extent(scopes, shares)).chunks));
  row_limit constant integer := ceil(share * private.posting_row_limit());
  posting_rows constant private.posting_row[] := private.posting_rows(terms, scopes, posting_limit, row_limit);
  is_bounded constant boolean := cardinality(posting_rows) = row_limit
    or coalesce((select sum(t.frequency) from unnest(terms) t) > posting_limit, false);
  most integer := case when wanted is null then 16 else 8 end * match_count;
  place_limit integer;
  best private.posting_scores;
  located record;
  found private.chunk_match[] := '{}';
begin
  loop
    best := private.best_postings(posting_rows, posting_limit, sources, excluded, most);
    -- Chunks of one long document, or postings that are stale, may fill the first places.
    foreach place_limit in array array[2 * match_count, most] loop
      located := private.locate_postings(
        best.posting_ids[:place_limit], best.scores[:place_limit], sources, wanted, excluded, 2 * match_count);
      exit when located.sources_found >= match_count or cardinality(best.posting_ids) < place_limit;
    end loop;
    exit when located.sources_found >= match_count / 10 or cardinality(best.posting_ids) < most or not wanted is null;
    most := 8 * most;
  end loop;
  if is_bounded then
    -- Where not every posting was read, all words of the chunks that were found count, from their text.
    from_text := from_text || array(select m.chunk_id from unnest(located.matches) m);
  else
    found := located.matches;
  end if;
  found := found || array(select s from private.scores_from_text(terms, from_text, scopes, shares) s);
  if 'products' = any (kinds) then
    found := found || array(select m from private.sku_matches(query, scopes, sources) m);
  end if;
  found := array(
    select (f.source_id, f.chunk_id, least(f.score, 1))::private.chunk_match
    from unnest(private.passing(found, wanted)) f
    where (sources is null or f.source_id in (select unnest(sources)))
      and (excluded is null or not f.source_id in (select unnest(excluded))));
  return (
    private.best_of_sources(found, cardinality(found))
      || array(select f from unnest(found) f where f.chunk_id = any (also)),
    cardinality(best.posting_ids) < most and not is_bounded);
end $$;
comment on function private.keyword_matches is
  'At least match_count sources by BM25 when so many have any of the words, best chunk each, and the scores of also. '
  'Where the words have more postings than private.posting_limit, the rarest find the chunks, and all score. Fewer '
  'sources, but at least a tenth, come back when documents are so long that their chunks fill the best places. '
  'share: how much of the bounds on postings this search has. '
  'Definer: reads the word index in the caller''s own scopes; search reads what this names under the policies again.';

create function private.word_scores(terms private.query_term[], kinds text[], chunk_ids bigint[])
returns setof private.chunk_match
language plpgsql stable security definer rows 100 set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select s.source_id, s.chunk_id, least(s.score, 1)
    from private.scores_from_text(terms, chunk_ids, private.search_scopes(kinds), private.search_shares(kinds)) s;
end $$;
comment on function private.word_scores is
  'BM25 of those of these chunks that the caller may search, from their text. Definer: as keyword_matches.';

grant execute on function
  private.passing, private.posting_limit, private.best_of_sources, private.keyword_matches, private.word_scores
  to anon, authenticated, service_role;
