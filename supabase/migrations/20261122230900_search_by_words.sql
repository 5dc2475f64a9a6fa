-- Purpose: the passages that have the query's words, weighed by BM25.
-- Undo: drop the functions and the type below.
set local lock_timeout = '10s';

create type private.query_term as (
  stemmer text, word text, match tsquery, weight double precision, average_length double precision);
comment on type private.query_term is
  'A stem of the query by one stemmer, how much it tells (its inverse document frequency over the sum of all), and the '
  'mean length in tokens of the passages that were counted.';

create function private.query_words(query text) returns table (stemmer text, word text, match tsquery)
language plpgsql stable security definer rows 10 set search_path = ''
as $$
begin
  -- Walks the index from one stemmer to the next. Of a query that is a text, the first 64 words count: each costs a walk
  -- of the word index.
  return query
    with recursive stemmers (name) as (
      (select c.stemmer from public.chunks c order by c.stemmer limit 1)
      union all
      select (select c.stemmer from public.chunks c where c.stemmer > s.name order by c.stemmer limit 1)
      from stemmers s where s.name is not null)
    select s.name, w.word, ('''' || replace(replace(w.word, '\', '\\'), '''', '''''') || '''')::tsquery
    from stemmers s
    cross join lateral (
      select v.lexeme from unnest(to_tsvector(('pg_catalog.' || s.name)::regconfig, query)) v
      order by v.positions[1], v.lexeme limit 64) w (word)
    where s.name is not null;
end $$;
comment on function private.query_words(text) is
  'Stems of a query, without stop words, by every stemmer that some passage has: the query''s own language is not known. '
  'Definer: which there are must not depend on the caller, nor cost a scan of what is visible.';

create function private.query_terms(query text, kinds text[], sources uuid[]) returns private.query_term[]
language plpgsql stable security definer set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  shares constant uuid[] := private.search_shares(kinds);
  total double precision;
  average_length double precision;
begin
  select count(*), avg(v.token_count) into total, average_length from (
    select c.token_count from public.chunks c
    where c.scope_id = any (scopes) or c.source_id = any (shares)
    limit private.exact_search_limit()) v;
  if total = private.exact_search_limit() then
    select greatest(total, k.reltuples) into total from pg_catalog.pg_class k where k.oid = 'public.chunks'::regclass;
  end if;
  -- Frequencies are those of what the caller may see: a score tells nothing of anybody else's texts.
  return (
    with counted as (
      select w.stemmer, w.word, w.match, f.frequency
      from private.query_words(query) w
      cross join lateral (
        select count(*) as frequency from public.chunks c
        where c.search_vector @@ w.match and c.stemmer = w.stemmer
          and (c.scope_id = any (scopes) or c.source_id = any (shares))
          and (sources is null or c.source_id in (select unnest(sources)))) f
    ), informed as (
      select c.*, ln(1 + greatest(total - c.frequency + 0.5, 0.5) / (c.frequency + 0.5)) as idf from counted c)
    select coalesce(array_agg((
      i.stemmer, i.word, i.match, i.idf / s.sum, greatest(average_length, 1))::private.query_term), '{}')
    from informed i
    join (select j.stemmer, sum(j.idf) from informed j group by j.stemmer) s using (stemmer));
end $$;
comment on function private.query_terms(text, text[], uuid[]) is
  'The query''s stems weighed by how rare they are among the passages the caller may search. Definer: under a policy the '
  'word index cannot be used (@@ is not leakproof); it counts in the caller''s own audiences only.';

create function private.keyword_matches(
  terms private.query_term[], kinds text[], sources uuid[], match_count integer)
returns setof private.chunk_match
language plpgsql stable security definer rows 100 set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  shares constant uuid[] := private.search_shares(kinds);
begin
  return query
    select b.source_id, b.id, b.weight
    from (
      select distinct on (c.source_id) c.source_id, c.id, sum(t.weight) as weight
      from unnest(terms) t
      join public.chunks c on c.search_vector @@ t.match and c.stemmer = t.stemmer
      where (c.scope_id = any (scopes) or c.source_id = any (shares))
        and (sources is null or c.source_id in (select unnest(sources)))
      group by c.source_id, c.id
      order by c.source_id, weight desc, c.id) b
    order by b.weight desc, b.source_id
    limit match_count;
end $$;
comment on function private.keyword_matches(private.query_term[], text[], uuid[], integer) is
  'Sources that have any of the words, the passage with the most telling ones each. Definer: as query_terms; search reads '
  'what this names under the policies again.';
grant execute on function
  private.query_words(text), private.query_terms(text, text[], uuid[]),
  private.keyword_matches(private.query_term[], text[], uuid[], integer)
  to anon, authenticated, service_role;
