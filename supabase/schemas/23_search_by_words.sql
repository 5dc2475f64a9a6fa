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

create function private.source_limit() returns integer
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select 5000 $$;
comment on function private.source_limit is
  'Sources up to which a search looks at everything that passes its filters, at about 3 microseconds each. When more '
  'pass, it searches as without filters and drops what fails.';

create type private.posting_row as (
  segment_id bigint, word text, stemmer text, weight double precision, average_length double precision);
comment on type private.posting_row is 'A row of private.postings to read, and what its word counts.';

create type private.posting_scores as (
  posting_ids bigint[], scores double precision[], others private.chunk_match[]);
comment on type private.posting_scores is
  'The best postings and their scores, best first, and the scores of other chunks that were asked for.';

create function private.rows_to_read(terms private.query_term[], scopes uuid[], posting_limit bigint)
returns private.posting_row[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select (p.segment_id, s.word, s.stemmer, s.weight, s.average_length)::private.posting_row
    from (
      -- The rarest words find the chunks, as many words as there is time for, and at least one. The others tell little.
      select t.*, sum(t.frequency) over (order by t.weight desc, t.frequency, t.word, t.stemmer, t.original) as read
      from unnest(terms) t) s
    -- Word by word: the planner, which does not know how few they are, would read all postings of a small table.
    cross join lateral (
      select w.segment_id from private.postings w
      where w.scope_id = any (scopes) and w.word = s.word and w.stemmer = s.stemmer offset 0) p
    where s.read <= posting_limit or s.read = s.frequency
    limit private.posting_row_limit());
end $$;
comment on function private.rows_to_read is 'The rows of postings that a search reads, rarest words first.';

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
    select v.place, least(v.times, 31)::double precision, least(v.tokens, 2047)::double precision, t.weight,
           t.average_length
    from (
      select u.place, c.stemmer, c.token_count as tokens, w.lexeme, coalesce(cardinality(w.positions), 1) as times
      from public.chunks c
      join unnest(chunk_ids) with ordinality u (id, place) on u.id = c.id
      cross join lateral unnest(c.search_vector) w
      where c.id = any (chunk_ids)
      offset 0) v -- before the join, so that each chunk is taken apart once
    join unnest(terms) t on t.word = v.lexeme and t.stemmer = v.stemmer;
end $$;
comment on function private.words_of_chunks is
  'The words of these chunks that the query asks for, from their text: about 10 microseconds a chunk.';

create function private.bm25_scores(
  rows_to_read private.posting_row[], posting_limit bigint, terms private.query_term[], chunk_ids bigint[])
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
        (select w.posting_id as id, w.times, w.tokens, r.weight, r.average_length
         from unnest(rows_to_read) r
         cross join lateral (
           select p.posting_id, p.times, p.tokens from private.posted_words p
           where p.segment_id = r.segment_id and p.word = r.word and p.stemmer = r.stemmer offset 0) w
         -- A single word may have more.
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

create function private.read_postings(
  rows_to_read private.posting_row[], posting_limit bigint, terms private.query_term[], direct bigint[], also bigint[],
  sources uuid[], excluded uuid[], most integer)
returns private.posting_scores
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  result private.posting_scores;
begin
  with scored as materialized (
    select s.id, s.score from private.bm25_scores(rows_to_read, posting_limit, terms, direct) s
  ), best as materialized (
    select s.id, s.score from scored s
    where s.id > 0
      and (sources is null or s.id in (
        select m.posting_id from public.chunks c join private.posted_chunks m on m.chunk_id = c.id
        where c.source_id = any (sources)))
      and (excluded is null or not s.id in (
        select m.posting_id from public.chunks c join private.posted_chunks m on m.chunk_id = c.id
        where c.source_id = any (excluded)))
    order by s.score desc, s.id limit most
  )
  select array(select b.id from best b), array(select b.score from best b), array(
    select (c.source_id, c.id, s.score)::private.chunk_match
    from scored s join public.chunks c on c.id = direct[-s.id] where s.id < 0
    union all
    select (c.source_id, c.id, s.score)::private.chunk_match
    from private.posted_chunks m join scored s on s.id = m.posting_id join public.chunks c on c.id = m.chunk_id
    where m.chunk_id = any (also))
  into result.posting_ids, result.scores, result.others;
  return result;
end $$;
comment on function private.read_postings is
  'The `most` best postings, of these sources only when they are given, and the scores of direct and also.';

create function private.locate_postings(
  posting_ids bigint[], scores double precision[], sources uuid[], excluded uuid[], row_limit integer,
  out matches private.chunk_match[], out sources_found bigint)
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  with located as materialized (
    select c.source_id, c.id, b.score,
           row_number() over (partition by c.source_id order by b.score desc, c.id) as rank
    from unnest(posting_ids, scores) b (posting_id, score)
    join private.posted_chunks m using (posting_id)
    join public.chunks c on c.id = m.chunk_id
    where (sources is null or c.source_id in (select unnest(sources)))
      and (excluded is null or not c.source_id in (select unnest(excluded))))
  select array(
           select (l.source_id, l.id, l.score)::private.chunk_match from located l
           where l.rank <= 2 order by l.score desc limit row_limit),
         (select count(*) from located l where l.rank = 1)
  into matches, sources_found;
end $$;
comment on function private.locate_postings is
  'The chunks of these postings that pass the filters, at most two a source, and of how many sources.';

create function private.keyword_matches(
  query text, terms private.query_term[], kinds text[], sources uuid[], excluded uuid[], also bigint[],
  match_count integer)
returns private.search_leg
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set work_mem = '16MB'
as $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  direct constant bigint[] := private.unposted_chunks(scopes, private.search_shares(kinds));
  -- When chunks were found by meaning as well, the two searches share the time.
  posting_limit constant bigint := private.posting_limit((private.search_extent(kinds)).chunks)
    / case when cardinality(also) > 0 then 3 else 1 end;
  rows_to_read constant private.posting_row[] := private.rows_to_read(terms, scopes, posting_limit);
  is_bounded constant boolean := cardinality(rows_to_read) = private.posting_row_limit()
    or coalesce((select sum(t.frequency) from unnest(terms) t) > posting_limit, false);
  passes_many constant boolean := coalesce(cardinality(sources) > private.source_limit(), false);
  most integer := case when passes_many then 128 else 16 end * match_count;
  place_limit integer;
  read private.posting_scores;
  located record;
  reread bigint[];
  found private.chunk_match[];
begin
  loop
    read := private.read_postings(
      rows_to_read, posting_limit, terms, direct, case when is_bounded then '{}' else also end,
      case when passes_many then null else sources end, excluded, most);
    -- Chunks of one long document, or postings that are stale, may fill the first places.
    foreach place_limit in array array[2 * match_count, most] loop
      located := private.locate_postings(
        read.posting_ids[:place_limit], read.scores[:place_limit], sources, excluded, 2 * match_count);
      exit when located.sources_found >= match_count or cardinality(read.posting_ids) < place_limit;
    end loop;
    exit when located.sources_found >= case when passes_many then match_count else match_count / 10 end
      or cardinality(read.posting_ids) < most;
    most := 8 * most;
  end loop;
  found := read.others;
  if is_bounded then
    -- Where not every posting was read, all words of the chunks that were found count, from their text.
    reread := also || array(select m.chunk_id from unnest(located.matches) m);
    found := found || array(
      select (c.source_id, c.id, s.score)::private.chunk_match
      from private.bm25_scores('{}', 0, terms, reread) s join public.chunks c on c.id = reread[-s.id]);
  else
    found := found || located.matches;
  end if;
  if 'products' = any (kinds) then
    found := found || array(select m from private.sku_matches(query, scopes, sources) m);
  end if;
  found := array(
    select (f.source_id, f.chunk_id, least(f.score, 1))::private.chunk_match from unnest(found) f
    where (sources is null or f.source_id in (select unnest(sources)))
      and (excluded is null or not f.source_id in (select unnest(excluded))));
  return (
    private.best_of_sources(found, cardinality(found))
      || array(select f from unnest(found) f where f.chunk_id = any (also)),
    cardinality(read.posting_ids) < most and not is_bounded);
end $$;
comment on function private.keyword_matches is
  'At least match_count sources by BM25 when so many have any of the words, best chunk each, and the scores of also. '
  'Where the words have more postings than private.posting_limit, the rarest find the chunks, and all score. Fewer '
  'sources, but at least a tenth, come back when documents are so long that their chunks fill the best places. '
  'Definer: reads the word index in the caller''s own scopes; search reads what this names under the policies again.';

create function private.word_scores(terms private.query_term[], kinds text[], chunk_ids bigint[])
returns setof private.chunk_match
language plpgsql stable security definer rows 100 set search_path = pg_catalog, pg_temp
as $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  shares constant uuid[] := private.search_shares(kinds);
  visible constant bigint[] := array(
    select c.id from public.chunks c
    where c.id = any (chunk_ids) and (c.scope_id = any (scopes) or c.source_id = any (shares)));
begin
  return query
    select c.source_id, c.id, least(s.score, 1)
    from private.bm25_scores('{}', 0, terms, visible) s join public.chunks c on c.id = visible[-s.id];
end $$;
comment on function private.word_scores is
  'BM25 of those of these chunks that the caller may search, from their text. Definer: as keyword_matches.';

grant execute on function
  private.keyword_matches, private.source_limit, private.word_scores
  to anon, authenticated, service_role;
