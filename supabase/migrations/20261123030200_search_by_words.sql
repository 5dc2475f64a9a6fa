-- Purpose: search by words over the postings: BM25, prefixes, misspelt words, article numbers; and phrases and words to leave out.
-- Undo: drop the functions and the index below; create the ones of 20261122230900 again.
-- What is dropped is asked by functions of these migrations alone.
-- squawk-ignore-file ban-drop-function, ban-drop-type
set local lock_timeout = '10s';
set local statement_timeout = '10min';

create extension if not exists pg_trgm with schema extensions;

drop function private.keyword_matches(private.query_term[], text[], uuid[], integer);
drop function private.query_terms(text, text[], uuid[]);
drop type private.query_term;
create type private.query_term as (
  stemmer text, word text, original text, trust double precision, frequency bigint, weight double precision,
  average_length double precision);
comment on type private.query_term is
  'A stem by one stemmer, what of the query it stands for, how sure that is (times how often it is asked for), how many '
  'passages have it, how much it tells (its inverse document frequency over the sum of the query''s), and the mean length '
  'in tokens of the passages that were counted.';

-- What the caller may search -----------------------------------------------------------------------------------

-- As before, in the language whose plans are kept.
create or replace function private.search_scopes(kinds text[]) returns uuid[]
language plpgsql stable security invoker set search_path = ''
as $$
begin
  return array(
    select s.id from private.my_scopes() s (id)
    where case when s.id in ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002')
               then 'products' else 'documents' end = any (kinds));
end $$;

create or replace function private.search_shares(kinds text[]) returns uuid[]
language plpgsql stable security invoker set search_path = ''
as $$
begin
  if 'documents' = any (kinds) and auth.uid() is not null then
    return array(select private.my_shared_documents());
  end if;
  return '{}';
end $$;

create function private.search_extent(kinds text[], out passages bigint, out tokens bigint)
language plpgsql stable security definer set search_path = ''
as $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  shares constant uuid[] := private.search_shares(kinds);
begin
  select coalesce(sum(c.passages), 0), coalesce(sum(c.tokens), 0) into passages, tokens
  from (
    select p.passages, p.tokens from private.passage_counts p where p.scope_id = any (scopes)
    union all
    select count(*), sum(s.token_count) from public.chunks s
    where s.source_id = any (shares) and not s.scope_id = any (scopes)) c;
end $$;
comment on function private.search_extent(text[]) is
  'How many passages, and tokens, the caller may search. Definer: reads the counts of the caller''s own audiences only.';
grant execute on function private.search_extent(text[]) to anon, authenticated, service_role;

-- The query ----------------------------------------------------------------------------------------------------

create type private.parsed_query as (words text, prefixes text[], phrases text[], excluded text[]);
comment on type private.parsed_query is
  'A query as people write it: the text without its operators, the beginnings (boat*), the phrases ("slack water"; several '
  'joined by a line feed where any of them will do), and what must not occur (-boat, -"slack water").';

create function private.parse_query(query text) returns private.parsed_query
language plpgsql immutable security invoker parallel safe set search_path = ''
as $$
declare
  parsed private.parsed_query := (query, '{}', '{}', '{}');
  piece text[];
  any_of boolean := false;
begin
  -- Most queries have no operator.
  if query !~ '"|\*|(^|\s)-\S' then
    return parsed;
  end if;
  parsed.words := '';
  for piece in select regexp_matches(query, '(^|\s)(-?)(?:"([^"]*)"|(\S+))', 'g') loop
    -- piece: what is before, minus, phrase, word
    if piece[2] = '-' then
      parsed.excluded := parsed.excluded || coalesce(piece[3], piece[4]);
    elsif piece[3] is not null then
      parsed.words := parsed.words || ' ' || piece[3];
      if any_of and cardinality(parsed.phrases) > 0 then
        parsed.phrases[cardinality(parsed.phrases)] := parsed.phrases[cardinality(parsed.phrases)] || E'\n' || piece[3];
      else
        parsed.phrases := parsed.phrases || piece[3];
      end if;
    elsif piece[4] ~ '^\w{2,}\*$' then
      parsed.prefixes := parsed.prefixes || lower(rtrim(piece[4], '*'));
    else
      parsed.words := parsed.words || ' ' || piece[4];
    end if;
    any_of := lower(coalesce(piece[4], '')) = 'or' and cardinality(parsed.phrases) > 0;
  end loop;
  parsed.words := ltrim(parsed.words);
  return parsed;
end $$;
comment on function private.parse_query(text) is
  'Takes a query apart as websearch_to_tsquery does, and prefixes: words are alternatives, a phrase must occur, what has '
  'a minus must not.';
grant execute on function private.parse_query(text) to anon, authenticated, service_role;

drop function private.query_words(text);
create function private.query_words(query text) returns table (stemmer text, word text, times integer)
language plpgsql stable security definer rows 10 set search_path = ''
as $$
begin
  -- Walks the index from one stemmer to the next. Of a query that is a text, the first 64 words count.
  return query
    with recursive stemmers (name) as (
      (select c.stemmer from public.chunks c order by c.stemmer limit 1)
      union all
      select (select c.stemmer from public.chunks c where c.stemmer > s.name order by c.stemmer limit 1)
      from stemmers s where s.name is not null)
    select s.name, w.word, w.times
    from stemmers s
    cross join lateral (
      select v.lexeme, cardinality(v.positions)
      from unnest(to_tsvector(('pg_catalog.' || s.name)::regconfig, query)) v
      order by v.positions[1], v.lexeme limit 64) w (word, times)
    where s.name is not null;
end $$;
comment on function private.query_words(text) is
  'Stems of a query, without stop words, and how often each occurs, by every stemmer that some passage has: the query''s own '
  'language is not known. Definer: which there are must not depend on the caller, nor cost a scan of what is visible.';
grant execute on function private.query_words(text) to anon, authenticated, service_role;

create function private.word_query(word text) returns tsquery
language sql immutable security invoker parallel safe set search_path = ''
as $$ select ('''' || replace(replace(word, '\', '\\'), '''', '''''') || '''')::tsquery $$;
comment on function private.word_query(text) is 'The tsquery of one stem, whatever characters it has.';
grant execute on function private.word_query(text) to anon, authenticated, service_role;

create function private.unposted_passages(scopes uuid[], shares uuid[]) returns bigint[]
language plpgsql stable security definer set search_path = ''
as $$
begin
  return array(
    select w.chunk_id from private.passages_to_post w where w.scope_id = any (scopes)
    union
    select c.id from public.chunks c where c.source_id = any (shares) and not c.scope_id = any (scopes));
end $$;
comment on function private.unposted_passages(uuid[], uuid[]) is
  'Passages whose words are read one by one: those that wait for their postings, and those of shared documents, whose '
  'postings are in an audience that is not the caller''s. Definer: asked only by the functions below.';

create function private.counted_words(parsed private.parsed_query, scopes uuid[], direct bigint[])
returns setof private.query_term
language plpgsql stable security definer rows 10 set search_path = ''
as $$
begin
  return query
    with words as materialized (
      select w.stemmer, w.word, w.word as original, w.times from private.query_words(parsed.words) w
      union all
      (select x.stemmer, x.word, b.beginning || '*', 1
       from unnest(parsed.prefixes) b (beginning)
       cross join lateral (
         select x.stemmer, x.word from (
           select p.stemmer, p.word, p.size from private.postings p
           where p.scope_id = any (scopes) and p.word >= b.beginning and p.word < b.beginning || chr(1114111)
           union all
           select c.stemmer, v.lexeme, 1 from public.chunks c cross join lateral unnest(c.search_vector) v
           where c.id = any (direct) and starts_with(v.lexeme, b.beginning)) x
         group by x.stemmer, x.word order by sum(x.size) desc, x.word limit 32) x))
    select w.stemmer, w.word, w.original, w.times::double precision,
           (select coalesce(sum(p.size), 0) from private.postings p
            where p.scope_id = any (scopes) and p.word = w.word and p.stemmer = w.stemmer)
           + (select count(*) from public.chunks c
              where c.id = any (direct) and c.stemmer = w.stemmer and c.search_vector @@ private.word_query(w.word)),
           null::double precision, null::double precision
    from words w;
end $$;
comment on function private.counted_words(private.parsed_query, uuid[], bigint[]) is
  'Stems of a query, for a beginning the 32 most frequent that have it, and how many passages of the audiences have each. '
  'Definer: as unposted_passages.';

create function private.corrected_words(query text, counted private.query_term[], scopes uuid[])
returns setof private.query_term
language plpgsql stable security definer rows 5 set search_path = '' set pg_trgm.word_similarity_threshold = 0.4
as $$
begin
  return query
    select private.stemmer(c.language), v.lexeme, t.word, c.likeness, 1::bigint, null::double precision, null::double precision
    from (
      select distinct lower(r.word) as word from regexp_split_to_table(query, '[^[:alpha:]]+') r (word)
      where char_length(r.word) between 4 and 40
        -- Unknown to every stemmer, and no stop word of any.
        and not exists (
          select from (select distinct k.stemmer from unnest(counted) k) k
          cross join lateral to_tsvector(('pg_catalog.' || k.stemmer)::regconfig, r.word) v (stems)
          where v.stems = '' or exists (
            select from unnest(counted) f where f.stemmer = k.stemmer and f.frequency > 0 and f.word = any (tsvector_to_array(v.stems))))
      limit 8) t
    cross join lateral (
      select p.language, n.word, extensions.similarity(t.word, n.word)::double precision as likeness
      from public.products p
      cross join lateral regexp_split_to_table(lower(p.name), '[^[:alnum:]]+') n (word)
      where p.scope_id = any (scopes) and t.word operator(extensions.<%) p.name
      order by likeness desc, n.word limit 1) c
    cross join lateral unnest(to_tsvector(('pg_catalog.' || private.stemmer(c.language))::regconfig, c.word)) v
    where c.likeness >= 0.4;
end $$;
comment on function private.corrected_words(text, private.query_term[], uuid[]) is
  'For words of a query that no passage has, the words of product names that are most like them. Definer: the trigram index '
  'cannot be used under a policy; otherwise as unposted_passages.';

create function private.query_terms(parsed private.parsed_query, kinds text[]) returns private.query_term[]
language plpgsql stable security definer set search_path = ''
as $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  direct constant bigint[] := private.unposted_passages(scopes, private.search_shares(kinds));
  extent constant record := private.search_extent(kinds);
  total constant double precision := extent.passages;
  mean_length constant double precision := greatest(extent.tokens::double precision / greatest(extent.passages, 1), 1);
  terms private.query_term[] := array(select c from private.counted_words(parsed, scopes, direct) c);
  corrected private.query_term[] := '{}';
begin
  if 'products' = any (kinds) and exists (select from unnest(terms) t where t.frequency = 0) then
    corrected := array(select c from private.corrected_words(parsed.words, terms, scopes) c);
  end if;
  return array(
    -- Frequencies are those of what the caller may see: a score tells nothing of anybody else's texts. What stands for one
    -- word of the query, as all words with one beginning do, counts as one word.
    with known as (
      select t.* from unnest(terms) t
      where not exists (
        select from unnest(corrected) c
        where t.frequency = 0
          and t.word = any (tsvector_to_array(to_tsvector(('pg_catalog.' || t.stemmer)::regconfig, c.original))))
      union all
      select c.* from unnest(corrected) c
    ), grouped as (
      select k.*, sum(k.frequency) over (partition by k.stemmer, k.original)::double precision as passages from known k
    ), informed as (
      select g.*, g.trust * ln(1 + greatest(total - g.passages + 0.5, 0.5) / (g.passages + 0.5)) as information,
             row_number() over (partition by g.stemmer, g.original order by g.trust desc) as rank
      from grouped g
    ), weighed as (
      select i.*, i.information / sum(i.information) filter (where i.rank = 1) over (partition by i.stemmer) as share
      from informed i)
    select (w.stemmer, w.word, w.original, w.trust, w.frequency, w.share, mean_length)::private.query_term
    from weighed w where w.frequency > 0);
end $$;
comment on function private.query_terms(private.parsed_query, text[]) is
  'The query''s stems weighed by how rare they are among the passages the caller may search. Definer: reads the postings of '
  'the caller''s own audiences.';
grant execute on function private.query_terms(private.parsed_query, text[]) to anon, authenticated, service_role;

-- Passages -----------------------------------------------------------------------------------------------------

create function private.sources_with(texts text[], kinds text[]) returns setof uuid
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
    from candidates x join public.chunks c on c.id = x.chunk_id and c.search_vector @@ x.match;
end $$;
comment on function private.sources_with(text[], text[]) is
  'Sources of the caller''s audiences with a passage that has one of the phrases. Definer: as query_terms; search reads what '
  'this names under the policies again.';
grant execute on function private.sources_with(text[], text[]) to anon, authenticated, service_role;

create index products_article_number_idx on public.products
  ((upper(regexp_replace(sku, '[^[:alnum:]]', '', 'g')) collate "C"));
create index products_name_trigrams_idx on public.products using gin (name extensions.gin_trgm_ops);

create function private.article_matches(query text, scopes uuid[]) returns setof private.chunk_match
language plpgsql stable security definer rows 1 set search_path = ''
as $$
begin
  return query
    select distinct on (p.id) p.id, c.id, case when a.number = w.number then 1 else 0.9 end::double precision
    from (
      select distinct upper(regexp_replace(t.word, '[^[:alnum:]]', '', 'g')) from regexp_split_to_table(query, '\s+') t (word)
      where t.word ~ '\d' limit 8) w (number)
    join public.products p
      on upper(regexp_replace(p.sku, '[^[:alnum:]]', '', 'g')) collate "C" >= w.number
      and upper(regexp_replace(p.sku, '[^[:alnum:]]', '', 'g')) collate "C" < w.number || chr(1114111)
      and p.scope_id = any (scopes)
    cross join lateral upper(regexp_replace(p.sku, '[^[:alnum:]]', '', 'g')) a (number)
    join public.chunks c on c.product_id = p.id
    where char_length(w.number) >= 4
    order by p.id, 3 desc, c.position
    limit 20;
end $$;
comment on function private.article_matches(text, uuid[]) is
  'Products whose article number, or its beginning, stands in the query, however it is punctuated. Definer: asked only by '
  'keyword_matches, with the caller''s audiences.';

create function private.keyword_matches(
  query text, terms private.query_term[], kinds text[], sources uuid[], excluded uuid[], also bigint[], match_count integer)
returns setof private.chunk_match
language plpgsql stable security definer rows 200 set search_path = ''
as $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  direct constant bigint[] := private.unposted_passages(scopes, private.search_shares(kinds));
  found private.chunk_match[];
  row_limit integer := 2 * match_count;
  passages bigint;
begin
  loop
    -- Robertson and Zaragoza 2009, k1 = 1.2 and b = 0.75, over the most that this query could score: 0 to 1.
    with posted as materialized (
      select x.posting >> 16 as posting_id,
             sum(x.weight * ((x.posting >> 11) & 31) / (((x.posting >> 11) & 31) + 0.3 + x.steepness * (x.posting & 2047))) as score
      from (
        select unnest(p.postings) as posting, t.weight, 0.9 / t.average_length as steepness
        from unnest(terms) t
        join private.postings p on p.scope_id = any (scopes) and p.word = t.word and p.stemmer = t.stemmer) x
      group by x.posting >> 16
    ), best as (
      select p.posting_id, p.score from posted p
      where (sources is null or p.posting_id in (
              select m.posting_id from public.chunks c join private.posted_passages m on m.chunk_id = c.id
              where c.source_id = any (sources)))
        and (excluded is null or not p.posting_id in (
              select m.posting_id from public.chunks c join private.posted_passages m on m.chunk_id = c.id
              where c.source_id = any (excluded)))
      order by p.score desc, p.posting_id limit row_limit
    ), matches as (
      select m.chunk_id, b.score from best b join private.posted_passages m using (posting_id)
      union
      select m.chunk_id, p.score
      from unnest(also) a (chunk_id) join private.posted_passages m using (chunk_id) join posted p using (posting_id)
      union all
      select c.id, s.score
      from public.chunks c
      cross join lateral (
        select sum(t.weight * f.times / (f.times + 0.3 + 0.9 / t.average_length * least(c.token_count, 2047))) as score
        from unnest(c.search_vector) v
        join unnest(terms) t on t.word = v.lexeme and t.stemmer = c.stemmer
        cross join lateral (select least(coalesce(cardinality(v.positions), 1), 31)) f (times)) s
      where c.id = any (direct) and s.score is not null
      union all
      select a.chunk_id, a.score from private.article_matches(query, scopes) a where 'products' = any (kinds))
    select array_agg((c.source_id, c.id, least(m.score, 1))::private.chunk_match), (select count(*) from posted)
    into found, passages
    from matches m join public.chunks c on c.id = m.chunk_id
    where (sources is null or c.source_id in (select unnest(sources)))
      and (excluded is null or not c.source_id in (select unnest(excluded)));
    -- A long document may have filled the rows with passages of its own.
    exit when row_limit >= passages
      or (select count(distinct f.source_id) from unnest(found) f) >= match_count;
    row_limit := 8 * row_limit;
  end loop;
  return query
    select b.source_id, b.chunk_id, b.score
    from (
      select distinct on (f.source_id) f.* from unnest(found) f order by f.source_id, f.score desc, f.chunk_id) b
    union
    select f.source_id, f.chunk_id, f.score from unnest(found) f where f.chunk_id = any (also);
end $$;
comment on function private.keyword_matches(text, private.query_term[], text[], uuid[], uuid[], bigint[], integer) is
  'At least match_count sources by BM25 when so many have any of the words, the best passage each, and the scores of also. '
  'Definer: as query_terms; search reads what this names under the policies again.';
grant execute on function private.keyword_matches(text, private.query_term[], text[], uuid[], uuid[], bigint[], integer)
  to anon, authenticated, service_role;
