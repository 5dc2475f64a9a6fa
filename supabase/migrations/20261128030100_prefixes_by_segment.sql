-- Purpose: a prefix is looked for in the key of postings, which begins with the segment since 20261128010100.
-- Undo: create counted_words of 20261128030000 again.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create or replace function private.counted_words(parsed private.parsed_query, scopes uuid[], direct bigint[])
returns setof private.query_term
language plpgsql stable security definer rows 10 set search_path = pg_catalog, pg_temp
as $$
declare
  segments constant bigint[] := array(select s.id from private.posting_segments s where s.scope_id = any (scopes));
  -- A few words are looked for in each waiting passage; of many, and of prefixes, all words of these are counted once.
  counts_all constant boolean := cardinality(parsed.prefixes) > 0 or regexp_count(parsed.words, '\S+') > 8;
begin
  return query
    with waiting as materialized (
      select c.stemmer, v.lexeme collate "C" as word, count(*) as passages
      from public.chunks c cross join lateral unnest(c.search_vector) v
      where counts_all and c.id = any (direct)
      group by c.stemmer, v.lexeme
    ), stems as materialized (
      select s.prefix, s.stemmer, s.stem from private.prefix_stems(parsed.prefixes, scopes, direct) s
    ), prefixed as (
      select b.prefix, p.stemmer, p.word, p.size::bigint
      from unnest(parsed.prefixes) b (prefix)
      cross join lateral (
        select p.stemmer, p.word, p.size from private.postings p
        where p.segment_id = any (segments) and p.word >= b.prefix and p.word < b.prefix || chr(1114111)
        offset 0) p
      union all
      select s.prefix, s.stemmer, s.stem, p.size
      from stems s
      cross join lateral (
        select p.size from private.postings p
        where p.scope_id = any (scopes) and p.word = s.stem and p.stemmer = s.stemmer
        offset 0) p
      union all
      select b.prefix, g.stemmer, g.word, g.passages
      from waiting g join unnest(parsed.prefixes) b (prefix) on starts_with(g.word, b.prefix)
      union all
      select s.prefix, s.stemmer, s.stem, g.passages
      from stems s join waiting g on g.stemmer = s.stemmer and g.word = s.stem
    ), ranked as (
      select x.prefix, x.stemmer, x.word, sum(x.size)::bigint as frequency,
             row_number() over (partition by x.prefix order by sum(x.size) desc, x.word) as rank
      from prefixed x group by x.prefix, x.stemmer, x.word
    ), words as materialized (
      select w.stemmer, w.word, w.word as original, w.times, null::bigint as frequency
      from private.query_words(parsed.words) w
      union all
      select r.stemmer, r.word, r.prefix || '*', 1, r.frequency from ranked r where r.rank <= parsed.per_beginning)
    select w.stemmer, w.word, w.original, w.times::double precision,
           coalesce(w.frequency, (
             select coalesce(sum(p.size), 0) from private.postings p
             where p.scope_id = any (scopes) and p.word = w.word and p.stemmer = w.stemmer)
           + case when counts_all then coalesce(g.passages, 0) else (
             select count(*) from public.chunks c
             where c.id = any (direct) and c.stemmer = w.stemmer
               and c.search_vector @@ private.word_query(w.word)) end),
           null::double precision, null::double precision
    from words w left join waiting g on g.stemmer = w.stemmer and g.word = w.word;
end $$;
