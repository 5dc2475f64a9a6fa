-- Purpose: every operator of the query language has a bound (private.limits), what pasted text holds is no operator, and phrases,
--   exclusions and prefixes cost no more than they must.
-- Undo: create private.parse_query, private.sources_with and private.sources_of_phrases of 20261126120000 and earlier,
--   private.counted_words of 20261126120000 and public.search_products of 20261124090400 again, with set search_path =
--   pg_catalog, pg_temp; drop function private.query_operators(text); drop type private.query_operators; delete the rows
--   query_… from private.limits.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

insert into private.limits (name, allowed, what) values
  ('query_phrases', 16, 'phrases ("slack water") in one query'),
  ('query_exclusions', 16, 'exclusions (-sail) in one query'),
  ('query_prefixes', 16, 'prefixes (boat*) in one query'),
  ('query_quoted_words', 64, 'words in the phrases and exclusions of one query'),
  ('query_alternatives', 16, 'alternatives (or) in one search of products');

create type private.query_operators as (
  operators integer, others integer, phrases integer, exclusions integer, prefixes integer, quoted_words integer);
comment on type private.query_operators is
  'What a query holds: operators that are set off by white space, other words; different phrases, exclusions and prefixes, and the '
  'words in phrases and exclusions.';

create function private.query_operators(query text) returns private.query_operators
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  found private.query_operators;
begin
  with pieces as materialized (
    select p.piece[2] = '-' as is_exclusion, p.piece[3] as phrase, p.piece[4] = '' as is_closed,
           coalesce(p.piece[3], p.piece[5]) as written,
           p.piece[2] = '' and coalesce(p.piece[5] ~ '^\w{2,}\*$', false) as is_prefix
    -- piece: what is before, minus, phrase, the character after it, word
    from regexp_matches(query, '(^|\s)(-?)(?:"([^"]*)"(\S?)|(\S+))', 'g') p (piece)
  ), judged as (
    select p.*,
           case when p.phrase is null then p.is_exclusion or p.is_prefix
             else p.is_closed and p.phrase <> '' and p.phrase = btrim(p.phrase, E' \t\n\r') end as is_operator
    from pieces p
  )
  select count(*) filter (where j.is_operator),
         coalesce(sum(case when j.phrase is null then 1 else regexp_count(j.phrase, '\S+') end)
           filter (where not j.is_operator and lower(j.written) <> 'or'), 0),
         count(distinct j.written) filter (where j.phrase is not null and not j.is_exclusion),
         count(distinct j.written) filter (where j.is_exclusion),
         count(distinct lower(j.written)) filter (where j.is_prefix),
         (select coalesce(sum(regexp_count(q.written, '[[:alnum:]]+')), 0)
          from (select distinct k.written from judged k where k.phrase is not null or k.is_exclusion) q)
  into found
  from judged j;
  return found;
end $$;
comment on function private.query_operators(text) is
  'How much of each operator a query holds. A quotation that begins or ends with white space, or that goes on behind its closing '
  'mark, is no operator but words. The word "or" is neither.';

create or replace function private.parse_query(query text) returns private.parsed_query
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  parsed private.parsed_query := (query, '{}', '{}', '{}', private.prefix_limit());
  held private.query_operators;
  piece text[];
  phrase text;
  any_of boolean := false;
begin
  -- Most queries have no operator.
  if query !~ '"|\*|(^|\s)-\S' then
    return parsed;
  end if;
  held := private.query_operators(query);
  -- A log or a listing has stars, hyphens and quotation marks that nobody meant.
  if held.operators <= held.others and (held.operators > 16 or held.operators + held.others > 64) then
    return parsed;
  end if;
  perform private.enforce_limit('query_phrases', held.phrases, 'PT422'),
          private.enforce_limit('query_exclusions', held.exclusions, 'PT422'),
          private.enforce_limit('query_prefixes', held.prefixes, 'PT422'),
          private.enforce_limit('query_quoted_words', held.quoted_words, 'PT422');
  parsed.words := '';
  for piece in select regexp_matches(query, '(^|\s)(-?)(?:"([^"]*)"|(\S+))', 'g') loop
    -- piece: what is before, minus, phrase, word
    phrase := regexp_replace(piece[3], '\s+', ' ', 'g');
    if piece[2] = '-' then
      if not coalesce(phrase, piece[4]) = any (parsed.excluded) then
        parsed.excluded := parsed.excluded || coalesce(phrase, piece[4]);
      end if;
    elsif phrase is not null then
      parsed.words := parsed.words || ' ' || phrase;
      if any_of and cardinality(parsed.phrases) > 0 then
        parsed.phrases[cardinality(parsed.phrases)] := parsed.phrases[cardinality(parsed.phrases)] || E'\n' || phrase;
      else
        parsed.phrases := parsed.phrases || phrase;
      end if;
    elsif piece[4] ~ '^\w{2,}\*$' then
      if not lower(rtrim(piece[4], '*')) = any (parsed.prefixes) then
        parsed.prefixes := parsed.prefixes || lower(rtrim(piece[4], '*'));
      end if;
    else
      parsed.words := parsed.words || ' ' || piece[4];
    end if;
    any_of := lower(coalesce(piece[4], '')) = 'or' and cardinality(parsed.phrases) > 0;
  end loop;
  parsed.words := ltrim(parsed.words);
  parsed.phrases := array(
    select distinct array_to_string(array(select distinct a from unnest(string_to_array(p, E'\n')) a), E'\n')
    from unnest(parsed.phrases) p);
  -- Few different ones may stand in many groups of alternatives.
  perform private.enforce_limit(
    'query_phrases', cardinality(string_to_array(array_to_string(parsed.phrases, E'\n'), E'\n')), 'PT422');
  return parsed;
end $$;
comment on function private.parse_query(text) is
  'Takes a query apart as websearch_to_tsquery does, and prefixes: words are alternatives, a phrase must occur, what has a minus '
  'must not. PT422 when it holds more of an operator than private.limits allows. A query with no more operators than other words '
  'and more than 16 operators, or more than 64 in all, is a text: it has no operators.';

create or replace function private.sources_with(texts text[], kinds text[]) returns setof uuid
language plpgsql stable security definer rows 100 set search_path = pg_catalog, pg_temp
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
      -- Of one word the posting is proof; of several their order is still to be seen.
      select m.chunk_id, case when cardinality(h.words) > 1 or numnode(h.match) > 1 then h.match end as match
      from phrases h
      cross join lateral (
        select u.posting >> 16 as posting_id
        from private.postings p cross join lateral unnest(p.postings) u (posting)
        where p.scope_id = any (scopes) and p.word = any (h.words) and p.stemmer = h.stemmer
        group by u.posting >> 16 having count(*) = cardinality(h.words)) u
      join private.posted_passages m using (posting_id)
      union all
      select d.id, h.match from unnest(direct) d (id) cross join phrases h where numnode(h.match) > 0)
    select distinct c.source_id
    from candidates x join public.chunks c on c.id = x.chunk_id and (x.match is null or c.search_vector @@ x.match)
    union
    select p.id
    from unnest(texts) t (text)
    join public.products p
      on upper(regexp_replace(p.sku, '[^[:alnum:]]', '', 'g')) collate "C" = private.article_number(t.text)
    where p.scope_id = any (scopes);
end $$;

create or replace function private.sources_of_phrases(phrases text[], kinds text[], sources uuid[]) returns uuid[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  phrase text;
  having_it uuid[];
begin
  foreach phrase in array phrases loop
    having_it := array(select private.sources_with(string_to_array(phrase, E'\n'), kinds));
    sources := case when sources is null then having_it
      else array(select unnest(sources) intersect select unnest(having_it)) end;
    exit when cardinality(sources) = 0;
  end loop;
  return sources;
end $$;

create or replace function private.counted_words(
  parsed private.parsed_query, scopes uuid[], direct bigint[]
) returns setof private.query_term
language plpgsql stable security definer rows 10 set search_path = pg_catalog, pg_temp
as $$
declare
  -- A few words are looked for in each waiting passage; of many, and of prefixes, all words of these are counted once.
  counts_all constant boolean := cardinality(parsed.prefixes) > 0 or regexp_count(parsed.words, '\S+') > 8;
begin
  return query
    with waiting as materialized (
      select c.stemmer, v.lexeme collate "C" as word, count(*) as passages
      from public.chunks c cross join lateral unnest(c.search_vector) v
      where counts_all and c.id = any (direct)
      group by c.stemmer, v.lexeme
    ), words as materialized (
      select w.stemmer, w.word, w.word as original, w.times, null::bigint as frequency
      from private.query_words(parsed.words) w
      union all
      select x.stemmer, x.word, b.beginning || '*', 1, x.frequency
      from unnest(parsed.prefixes) b (beginning)
      cross join lateral (
        with looked_for as materialized (select * from private.beginnings(b.beginning))
        select y.stemmer, y.word, sum(y.size)::bigint as frequency from (
          select p.stemmer, p.word, p.size
          from looked_for f
          cross join lateral (
            select p.stemmer, p.word, p.size from private.postings p
            where p.scope_id = any (scopes) and p.word >= f.first_word and p.word < f.next_word and p.stemmer = f.stemmer
            offset 0) p
          union all
          select g.stemmer, g.word, g.passages
          from waiting g
          join looked_for f on f.stemmer = g.stemmer
            and g.word >= f.first_word collate "C" and g.word < f.next_word collate "C") y
        group by y.stemmer, y.word order by sum(y.size) desc, y.word limit parsed.per_beginning) x)
    select w.stemmer, w.word, w.original, w.times::double precision,
           coalesce(w.frequency, (
             select coalesce(sum(p.size), 0) from private.postings p
             where p.scope_id = any (scopes) and p.word = w.word and p.stemmer = w.stemmer)
           + case when counts_all then coalesce(g.passages, 0) else (
             select count(*) from public.chunks c
             where c.id = any (direct) and c.stemmer = w.stemmer and c.search_vector @@ private.word_query(w.word)) end),
           null::double precision, null::double precision
    from words w left join waiting g on g.stemmer = w.stemmer and g.word = w.word;
end $$;

create or replace function public.search_products(query text) returns setof public.products
language plpgsql stable security invoker rows 100 set search_path = pg_catalog, pg_temp
as $$
begin
  if search_products.query is null or char_length(search_products.query) > 1000 then
    raise exception 'query must have at most 1,000 characters' using errcode = 'invalid_parameter_value';
  end if;
  -- Refuses what has too many phrases or exclusions; alternatives are words here, not phrases alone.
  perform private.parse_query(search_products.query),
          private.enforce_limit('query_alternatives', regexp_count(search_products.query, '\mor\M', 1, 'i'), 'PT422');
  return query
    select p.* from private.products_with(search_products.query) w join public.products p on p.id = w.product_id
    order by w.rank desc, p.id;
end $$;

grant execute on function private.query_operators(text) to anon, authenticated, service_role;
