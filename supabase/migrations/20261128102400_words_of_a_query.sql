-- The words of a query, by every stemmer.
--
-- The language of a query is not known, so it is stemmed by each stemmer that some chunk has. A prefix stands for its
-- most frequent words, and a word that no chunk has for one that differs in a letter. Words are weighed by
-- how rare they are among the chunks that the caller may read, never by anybody else's.

create type private.chunk_match as (source_id uuid, chunk_id bigint, score double precision);
comment on type private.chunk_match is 'A chunk that a search found, its source, and its score (more is better).';

create type private.search_leg as (matches private.chunk_match[], is_complete boolean);
comment on type private.search_leg is 'What one search found, and whether it read all that could fill the list.';

create type private.query_term as (
  stemmer text, word text, original text, trust double precision, frequency bigint, weight double precision,
  average_length double precision, corrected text);
comment on type private.query_term is
  'A stem by one stemmer; the word or prefix of the query it stands for; how sure that is, times how often it is asked '
  'for; how many chunks have it; its weight (its inverse document frequency over the sum of the query''s); the mean '
  'length in tokens of the chunks that were counted; and the word that was taken for a misspelt one.';

create function private.look_up_limit_of_prefixes() returns integer
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp as $$ select 2000 $$;
comment on function private.look_up_limit_of_prefixes is
  'Look-ups of prefixes in segments that a search makes, at about 10 microseconds each.';

create function private.segments_of_prefixes(
  prefixes integer, scopes uuid[], out segment_ids bigint[], out scope_ids uuid[])
language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  select array_agg(l.id), array_agg(distinct l.scope_id)
  from (
    select s.id, s.scope_id from private.posting_segments s where s.scope_id = any (scopes)
    order by s.chunks desc, s.id limit ceil(private.look_up_limit_of_prefixes()::numeric / greatest(1, prefixes))) l
$$;
comment on function private.segments_of_prefixes is
  'The largest segments of these scopes, and their scopes: as many as there is time to look up so many prefixes in. '
  'What a prefix stands for is taken from them.';

create function private.knows_all_words(prefixes text[], kinds text[]) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
begin
  return cardinality(prefixes) = 0 or (
    select count(*) from private.posting_segments s where s.scope_id = any (scopes))
    <= coalesce(cardinality((private.segments_of_prefixes(cardinality(prefixes), scopes)).segment_ids), 0);
end $$;
comment on function private.knows_all_words is
  'Whether the words that prefixes stand for were looked up in all that the caller may search. Definer: as '
  'counted_words.';
grant execute on function private.knows_all_words to anon, authenticated, service_role;

create function private.prefix_stems(prefixes text[], scopes uuid[], direct bigint[])
returns table (prefix text, stemmer text, stem text)
language sql stable security definer rows 10 set search_path = pg_catalog, pg_temp
as $$
  select p.prefix, v.stemmer, v.stem
  from unnest(prefixes) p (prefix)
  join private.vocabulary v on v.scope_id = any (scopes)
    and v.form >= p.prefix collate "C" and v.form < (p.prefix || chr(1114111)) collate "C"
    and not starts_with(v.stem, p.prefix)
  union
  select w.prefix, w.stemmer, s.stem
  from (
    select p.prefix, c.stemmer, string_agg(m.word[1], ' ') as words
    from public.chunks c
    cross join lateral concat_ws(E'\n', c.title, array_to_string(c.heading_path, E'\n'), c.content) t (content)
    join unnest(prefixes) p (prefix) on t.content ilike '%' || replace(p.prefix, '_', '\_') || '%'
    cross join lateral regexp_matches(lower(t.content), '\m' || p.prefix || '\w*', 'g') m (word)
    where c.id = any (direct)
    group by p.prefix, c.stemmer) w
  cross join lateral unnest(tsvector_to_array(to_tsvector(('pg_catalog.' || w.stemmer)::regconfig, w.words))) s (stem)
  where not starts_with(s.stem, w.prefix)
  union
  -- What the prefix finds as a word: policy* finds policies.
  select p.prefix, w.stemmer, w.word
  from unnest(prefixes) p (prefix) cross join lateral private.stems(private.query_text(p.prefix)) w
  where not starts_with(w.word, p.prefix) and p.prefix !~ '_'
$$;
comment on function private.prefix_stems is
  'Stems that do not begin with a prefix, of words that do: from the vocabulary, from the text of chunks that are read '
  'directly, and of the prefix as a word. Definer: called by counted_words.';

create function private.counted_words(parsed private.parsed_query, scopes uuid[], direct bigint[])
returns setof private.query_term
language plpgsql stable security definer rows 10 set search_path = pg_catalog, pg_temp
as $$
declare
  looked_up constant record := private.segments_of_prefixes(cardinality(parsed.prefixes), scopes);
  -- A few words are looked for in each unposted chunk; for many, and for prefixes, all words of these are counted once.
  counts_all constant boolean := cardinality(parsed.prefixes) > 0
    or regexp_count(private.query_text(parsed.words), '\S+') > 8;
begin
  return query
    with waiting as materialized (
      select c.stemmer, v.lexeme collate "C" as word, count(*) as chunks
      from public.chunks c cross join lateral unnest(c.search_vector) v
      where counts_all and c.id = any (direct)
      group by c.stemmer, v.lexeme
    ), stems as materialized (
      select s.prefix, s.stemmer, s.stem from private.prefix_stems(parsed.prefixes, looked_up.scope_ids, direct) s
    ), prefixed as (
      select b.prefix, p.stemmer, p.word, p.size::bigint
      from unnest(parsed.prefixes) b (prefix)
      cross join lateral (
        select p.stemmer, p.word, p.size from private.postings p
        where p.segment_id = any (looked_up.segment_ids)
          and p.word >= b.prefix and p.word < b.prefix || chr(1114111)
        offset 0) p
      union all
      select s.prefix, s.stemmer, s.stem, p.size
      from stems s
      cross join lateral (
        select p.size from private.postings p
        where p.scope_id = any (looked_up.scope_ids) and p.word = s.stem and p.stemmer = s.stemmer
        offset 0) p
      union all
      select b.prefix, g.stemmer, g.word, g.chunks
      from waiting g join unnest(parsed.prefixes) b (prefix) on starts_with(g.word, b.prefix)
      union all
      select s.prefix, s.stemmer, s.stem, g.chunks
      from stems s join waiting g on g.stemmer = s.stemmer and g.word = s.stem
    ), ranked as (
      select x.prefix, x.stemmer, x.word, sum(x.size)::bigint as frequency,
             row_number() over (partition by x.prefix order by sum(x.size) desc, x.word) as rank
      from prefixed x group by x.prefix, x.stemmer, x.word
    ), words as materialized (
      select w.stemmer, w.word, w.word as original, w.times, null::bigint as frequency
      from private.query_words(parsed.words) w
      union all
      select r.stemmer, r.word, r.prefix || '*', 1, r.frequency from ranked r where r.rank <= parsed.per_prefix)
    select w.stemmer, w.word, w.original, w.times::double precision,
           coalesce(w.frequency, (
             select coalesce(sum(p.size), 0) from private.postings p
             where p.scope_id = any (scopes) and p.word = w.word and p.stemmer = w.stemmer)
           + case when counts_all then coalesce(g.chunks, 0) else (
             select count(*) from public.chunks c
             where c.id = any (direct) and c.stemmer = w.stemmer
               and c.search_vector @@ private.word_query(w.word)) end),
           null::double precision, null::double precision, null::text
    from words w left join waiting g on g.stemmer = w.stemmer and g.word = w.word;
end $$;
comment on function private.counted_words is
  'Stems of a query, of a prefix the most frequent, and how many chunks have each. Definer: as unposted_chunks.';

create function private.unknown_words(
  parsed private.parsed_query, counted private.query_term[], stemmers text[])
returns text[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select distinct private.unaccented(private.folded(r.word))
    from regexp_split_to_table(parsed.words, '[\s,;:!?()"“”„…/-]+') t (typed)
    cross join btrim(t.typed, '.''’') r (word)
    where r.word ~ '^[[:alpha:]]{4,20}$' and private.marked_runs(r.word) is null
      -- Neither the beginning of a word nor a part of a name is a word.
      and not lower(r.word) = any (parsed.prefixes)
      -- In no chunk by any stemmer, and a stop word of none.
      and not exists (
        select from unnest(stemmers) s (name)
        cross join lateral to_tsvector(
          ('pg_catalog.' || s.name)::regconfig,
          concat_ws(' ', private.query_text(r.word), private.unaccented(private.folded(r.word)))) v (stems)
        where v.stems = '' or exists (
          select from unnest(counted) f
          where f.stemmer = s.name and f.frequency > 0 and f.word = any (tsvector_to_array(v.stems))))
    -- Each is stemmed some hundred times by every stemmer.
    limit greatest(1, least(4, 12 / greatest(1, cardinality(stemmers)))));
end $$;
comment on function private.unknown_words is 'Words of a query that no chunk has, as many as are corrected.';

create function private.corrected_words(
  parsed private.parsed_query, counted private.query_term[], scopes uuid[], direct bigint[])
returns setof private.query_term
language plpgsql stable security definer rows 5 set search_path = pg_catalog, pg_temp
as $$
declare
  stemmers constant text[] := array(select distinct k.stemmer from unnest(counted) k);
  words constant text[] := private.unknown_words(parsed, counted, stemmers);
  -- Those of the hundred largest segments.
  known_scopes constant uuid[] := (private.segments_of_prefixes(20, scopes)).scope_ids;
begin
  if cardinality(words) = 0 then
    return;
  end if;
  return query
    with stems as materialized (
      select s.* from private.stems_one_letter_off(words, stemmers) s
    ), waiting as materialized (
      select c.stemmer, v.lexeme collate "C" as stem, count(*) as chunks
      from public.chunks c cross join lateral unnest(c.search_vector) v
      where c.id = any (direct) group by c.stemmer, v.lexeme
    ), posted as (
      select p.stemmer, p.word as stem, p.size::bigint as chunks
      from (select s.stemmer, array_agg(distinct s.stem) as stems from stems s group by s.stemmer) a
      cross join lateral (
        select w.stemmer, w.word, w.size from private.postings w
        where w.word = any (a.stems) and w.stemmer = a.stemmer and w.scope_id = any (known_scopes) offset 0) p
      union all
      select w.stemmer, w.stem, w.chunks from waiting w
    ), known as materialized (
      select p.stemmer, p.stem, sum(p.chunks)::bigint as chunks from posted p group by p.stemmer, p.stem
    ), best as (
      select distinct on (s.word) s.word, s.candidate
      from stems s join known k using (stemmer, stem)
      group by s.word, s.candidate, s.trust
      order by s.word, s.trust desc, bool_or(
        s.candidate = s.stem or exists (
          select from private.vocabulary v
          where v.scope_id = any (known_scopes) and v.form = s.candidate and v.stem = s.stem)) desc,
        left(s.candidate, 1) = left(s.word, 1) desc, sum(k.chunks) desc, s.candidate)
    select s.stemmer, s.stem, s.word, s.trust, k.chunks, null::double precision, null::double precision, s.candidate
    from best b join stems s using (word, candidate) join known k using (stemmer, stem);
end $$;
comment on function private.corrected_words is
  'For words of a query that no chunk has, the likeliest that differs in a letter and that chunks of the caller have. '
  'Definer: reads the postings of the caller''s own scopes.';

create function private.query_terms(parsed private.parsed_query, kinds text[]) returns private.query_term[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  shares constant uuid[] := private.search_shares(kinds);
  direct constant bigint[] := private.unposted_chunks(scopes, shares);
  extent constant record := private.search_extent(scopes, shares);
  total constant double precision := extent.chunks;
  mean_length constant double precision := greatest(extent.tokens::double precision / greatest(extent.chunks, 1), 1);
  terms private.query_term[] := array(select c from private.counted_words(parsed, scopes, direct) c);
  replacements private.query_term[] := '{}';
begin
  if exists (select from unnest(terms) t where t.frequency = 0) then
    replacements := array(select c from private.corrected_words(parsed, terms, scopes, direct) c);
  end if;
  return array(
    -- Frequencies are counted in what the caller may see, so that a score tells nothing of others' texts. All that
    -- stands for one word of the query, as the words with a prefix do, counts as one word.
    with known as (
      select t.* from unnest(terms) t
      where not exists (
        select from unnest(replacements) c
        where t.frequency = 0
          and t.word = any (tsvector_to_array(to_tsvector(('pg_catalog.' || t.stemmer)::regconfig, c.original))))
      union all
      select c.* from unnest(replacements) c
    ), grouped as (
      select k.*, sum(k.frequency) over (partition by k.stemmer, k.original)::double precision as chunks from known k
    ), informed as (
      select g.*, g.trust * ln(1 + greatest(total - g.chunks + 0.5, 0.5) / (g.chunks + 0.5)) as information,
             row_number() over (partition by g.stemmer, g.original order by g.trust desc) as rank
      from grouped g
    ), weighed as (
      select i.*, i.information / sum(i.information) filter (where i.rank = 1) over (partition by i.stemmer) as share
      from informed i)
    select (w.stemmer, w.word, w.original, w.trust, w.frequency, w.share, mean_length, w.corrected)::private.query_term
    from weighed w where w.frequency > 0);
end $$;
comment on function private.query_terms is
  'The query''s stems, weighed by how rare they are among the chunks that the caller may search. Definer: reads the '
  'postings of the caller''s own scopes.';
grant execute on function private.query_terms to anon, authenticated, service_role;

create function private.written_limit() returns integer
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp as $$ select 2000 $$;
comment on function private.written_limit is
  'Chunks whose text one search reads to compare it letter by letter with the query, at about 10 microseconds each.';

create function private.is_stop_words(query text) returns boolean
language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  select char_length(query) <= 255 and query ~ '\w|[^\x01-\x7f]' and exists (
    select from private.chunk_stemmers() s (name) where to_tsvector(('pg_catalog.' || s.name)::regconfig, query) = '')
$$;
comment on function private.is_stop_words is
  'Whether a query is stop words or signs alone, such as an emoji, by some stemmer that a chunk has.';

create function private.matches_as_written(
  query text, kinds text[], sources uuid[], excluded uuid[], share double precision)
returns private.search_leg
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  shares constant uuid[] := private.search_shares(kinds);
  words constant text[] := regexp_split_to_array(regexp_replace(query, '^\W+|\W+$', '', 'g'), '\W+');
  -- Signs alone, such as an emoji, are looked for as they are.
  pattern constant text := case when words <> '{""}' then '\m' || array_to_string(words, '\W+') || '\M'
    else regexp_replace(btrim(query), '([^\w\s])', '\\\1', 'g') end;
  most constant integer := ceil(share * private.written_limit());
  leg private.search_leg := ('{}', true);
begin
  with looked_at as materialized (
    select c.source_id, c.id, c.title, c.content from public.chunks c
    where (c.scope_id = any (scopes) or c.source_id = any (shares))
      and (sources is null or c.source_id in (select unnest(sources)))
      and (excluded is null or not c.source_id in (select unnest(excluded)))
    limit most
  ), found as (
    select distinct on (l.source_id) l.source_id, l.id,
           case when l.content = '' then 0.25 when l.title ~* pattern then 1 else 0.5 end as score
    from looked_at l where l.content ~* pattern or l.title ~* pattern
    order by l.source_id, 3 desc, l.id)
  select array(select (f.source_id, f.id, f.score)::private.chunk_match from found f),
         (select count(*) from looked_at) < most
  into leg.matches, leg.is_complete;
  return leg;
end $$;
comment on function private.matches_as_written is
  'Sources in which a query that is stop words or signs alone stands as it is written, those with it in the title '
  'first, mere titles last; reads a share of private.written_limit chunks. Definer: as unposted_chunks.';

create function private.as_written_first(query text, matches private.chunk_match[]) returns private.chunk_match[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  pasted constant text := lower(btrim(query, E' \t\n\r"'));
begin
  return array(
    select (m.source_id, m.chunk_id, case when b.id is null then m.score else 1 end)::private.chunk_match
    from unnest(matches) m
    left join (
      select c.id
      from (select u.chunk_id from unnest(matches) u order by u.score desc limit 100) u
      join public.chunks c on c.id = u.chunk_id
      where strpos(lower(concat_ws(E'\n', c.title, array_to_string(c.heading_path, E'\n'), c.content)), pasted) > 0) b
      on b.id = m.chunk_id);
end $$;
comment on function private.as_written_first is
  'The matches, with the best score for those of the best 100 in which the query stands letter for letter: --no-cache '
  'is not about any cache.';
grant execute on function private.is_stop_words, private.matches_as_written, private.as_written_first
  to anon, authenticated, service_role;
