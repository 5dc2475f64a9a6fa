-- The query language: words, "phrases", -exclusions and prefixes*.
--
-- Words are alternatives, a phrase must occur, what follows a minus must not, and a prefix stands for the words that
-- begin with it. How much of each one query may hold is limited (PT422). A pasted text with stray stars, hyphens and
-- quotation marks has no operators.

create type private.query_operators as (
  operators integer, others integer, phrases integer, exclusions integer, prefixes integer, quoted_words integer);
comment on type private.query_operators is
  'What a query holds: operators set off by white space and other words; distinct phrases, exclusions and prefixes; '
  'the words in phrases and exclusions.';

create type private.parsed_query as (
  words text, prefixes text[], phrases text[], excluded text[], per_prefix integer);
comment on type private.parsed_query is
  'A parsed query: its words; the prefixes (boat*); the phrases ("slack water"; alternatives are joined by a line '
  'feed); what must not occur (-boat); and how many words each prefix stands for.';

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
    -- piece: what precedes it, minus, phrase, the character after the phrase, word
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
comment on function private.query_operators is
  'Counts the operators of a query. A quotation that begins or ends with white space, or that is followed by a '
  'character, is words. The word "or" is neither.';

create function private.parse_query(query text) returns private.parsed_query
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  parsed private.parsed_query := (query, '{}', '{}', '{}', private.prefix_limit());
  held private.query_operators;
  piece text[];
  phrase text;
  any_of boolean := false;
begin
  -- A short cut: most queries have no operator.
  if query !~ '"|\*|(^|\s)-\S' then
    parsed.prefixes := private.lone_characters(query);
    return parsed;
  end if;
  held := private.query_operators(query);
  -- A pasted log or listing.
  if held.operators <= held.others and (held.operators > 16 or held.operators + held.others > 64) then
    return parsed;
  end if;
  perform private.enforce_limit('query_phrases', held.phrases, 'PT422'),
          private.enforce_limit('query_exclusions', held.exclusions, 'PT422'),
          private.enforce_limit('query_prefixes', held.prefixes, 'PT422'),
          private.enforce_limit('query_quoted_words', held.quoted_words, 'PT422');
  parsed.words := '';
  for piece in select regexp_matches(query, '(^|\s)(-?)(?:"([^"]*)"|(\S+))', 'g') loop
    -- piece: what precedes it, minus, phrase, word
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
    elsif piece[4] ~ '^\w{2,}\*$' and private.marked_runs(piece[4]) is null then
      if not lower(rtrim(piece[4], '*')) = any (parsed.prefixes) then
        parsed.prefixes := parsed.prefixes || lower(rtrim(piece[4], '*'));
      end if;
    else
      parsed.words := parsed.words || ' ' || piece[4];
    end if;
    any_of := lower(coalesce(piece[4], '')) = 'or' and cardinality(parsed.phrases) > 0;
  end loop;
  parsed.words := ltrim(parsed.words);
  parsed.prefixes := parsed.prefixes || private.lone_characters(parsed.words);
  parsed.phrases := array(
    select distinct array_to_string(array(select distinct a from unnest(string_to_array(p, E'\n')) a), E'\n')
    from unnest(parsed.phrases) p);
  -- Again, since a few distinct phrases may be in many groups of alternatives.
  perform private.enforce_limit(
    'query_phrases', cardinality(string_to_array(array_to_string(parsed.phrases, E'\n'), E'\n')), 'PT422');
  return parsed;
end $$;
comment on function private.parse_query is
  'Parses a query as websearch_to_tsquery does, with prefixes. Raises PT422 when it holds more of an operator than '
  'private.limits allows. A query with no more operators than other words and more than 16 operators, or more than 64 '
  'of both, is a text: it has no operators.';

create function private.word_query(word text) returns tsquery
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select ('''' || replace(replace(word, '\', '\\'), '''', '''''') || '''')::tsquery $$;
comment on function private.word_query is 'The tsquery of one stem, whatever characters it has.';

create function private.sources_with(texts text[], kinds text[]) returns setof uuid
language plpgsql stable security definer rows 100 set search_path = pg_catalog, pg_temp
as $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  direct constant bigint[] := private.unposted_chunks(scopes, private.search_shares(kinds));
begin
  return query
    with phrases as materialized (
      select w.*, case when cardinality(w.words) + cardinality(w.lone) > 0
                    then private.phrase_query(('pg_catalog.' || w.stemmer)::regconfig, w.text) end as match
      from (
        select s.name as stemmer, t.text, private.lone_characters(t.text) as lone,
               tsvector_to_array(to_tsvector(
                 ('pg_catalog.' || s.name)::regconfig, private.query_text(t.text))) as words
        from unnest(texts) t (text) cross join private.chunk_stemmers() s (name)) w
    ), candidates as (
      -- For one word the posting is proof; for several their order must be checked.
      select m.chunk_id, case when cardinality(h.words) > 1 or numnode(h.match) > 1 then h.match end as match
      from phrases h
      cross join lateral (
        select w.posting_id from private.posted_words w
        where w.scope_id = any (scopes) and w.word = any (h.words) and w.stemmer = h.stemmer
        group by w.posting_id having count(*) = cardinality(h.words)
        union
        select w.posting_id
        from unnest(h.lone) l (lone)
        join private.posted_words w on w.word >= l.lone and w.word < l.lone || chr(1114111)
        where h.words = '{}' and w.scope_id = any (scopes) and w.stemmer = h.stemmer) u
      join private.posted_chunks m using (posting_id)
      union all
      select d.id, h.match from unnest(direct) d (id) cross join phrases h where numnode(h.match) > 0)
    select distinct c.source_id
    from candidates x join public.chunks c on c.id = x.chunk_id and (x.match is null or c.search_vector @@ x.match)
    union
    select p.id
    from unnest(texts) t (text)
    join public.products p
      on upper(regexp_replace(p.sku, '[^[:alnum:]]', '', 'g')) collate "C" = private.sku_key(t.text)
    where p.scope_id = any (scopes);
end $$;
comment on function private.sources_with is
  'Sources in the caller''s scopes that have one of the phrases in a chunk or as SKU. Definer: reads the postings of '
  'the caller''s own scopes; search reads what this names under the policies again.';

create function private.sources_of_phrases(phrases text[], kinds text[], sources uuid[]) returns uuid[]
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
comment on function private.sources_of_phrases is 'Those of the given sources (null: of all) that have every phrase.';

create function private.product_query(configuration regconfig, query text) returns tsquery
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  run constant text := '[' || private.run_characters() || ']+';
  quoted text;
begin
  if private.marked_runs(query) is null and private.folded(query) = query then
    return websearch_to_tsquery(configuration, query);
  end if;
  -- A run of several characters is a phrase, also where it is excluded.
  select string_agg(
           case when p.piece[1] is null then regexp_replace(p.piece[2], run, ' "\&" ', 'g') else p.piece[1] end, ''
           order by p.place)
  into quoted
  from regexp_matches(private.folded(query), '("[^"]*")|([^"]+|")', 'g') with ordinality p (piece, place);
  quoted := regexp_replace(quoted, '(^|\s)- "', '\1-"', 'g');
  select string_agg(
           case when p.piece[1] is null then p.piece[2] else '"' || private.phrase_text(p.piece[1]) || '"' end, ''
           order by p.place)
  into quoted
  from regexp_matches(quoted, '"([^"]*)"|([^"]+|")', 'g') with ordinality p (piece, place);
  -- A character alone may go on.
  return regexp_replace(
    websearch_to_tsquery(configuration, quoted)::text, '''(?:' || private.run_unit() || ')''', '\&:*', 'g')::tsquery;
end $$;
comment on function private.product_query is
  'What search_products looks for in products of one language, as websearch_to_tsquery.';

create function private.products_with(query text) returns table (product_id uuid, rank real)
language plpgsql stable security definer rows 100 set search_path = pg_catalog, pg_temp
as $$
declare
  -- A single hyphen before a word or quotation excludes it. Any other hyphen outside a word is removed.
  clean constant text := regexp_replace(query, '(?<![\w-])(--+|-(?![\w"]))', ' ', 'g');
  language text := '';
  match tsquery;
begin
  -- One language after the other: a join with the list of languages would scan the whole table.
  loop
    select w.stemmer into language from private.product_words w
    where w.stemmer > language order by w.stemmer limit 1;
    exit when language is null;
    match := private.product_query(('pg_catalog.' || language)::regconfig, clean);
    return query
      select w.product_id, ts_rank(w.words, match) from private.product_words w
      where w.words @@ match and w.stemmer = language;
  end loop;
end $$;
comment on function private.products_with is
  'Products with these words, each language by its own stems, and their rank. Definer: a word index cannot be used '
  'under a policy; search_products reads what this names under the policies.';

create function public.search_products(query text) returns setof public.products
language plpgsql stable security invoker rows 100 set search_path = pg_catalog, pg_temp
as $$
begin
  if search_products.query is null or char_length(search_products.query) > 1000 then
    raise exception 'query must have at most 1,000 characters' using errcode = 'invalid_parameter_value';
  end if;
  -- Enforces the limits on phrases and exclusions. Here alternatives may be words, not only phrases.
  perform private.parse_query(search_products.query),
          private.enforce_limit('query_alternatives', regexp_count(search_products.query, '\mor\M', 1, 'i'), 'PT422');
  return query
    select p.* from private.products_with(search_products.query) w join public.products p on p.id = w.product_id
    order by w.rank desc, p.id;
end $$;
comment on function public.search_products is
  'Products with all these words in name, SKU or description, best first; "a phrase", or, and -word as in a web '
  'search. Returns rows of products, which can be filtered, sorted and paged likewise. Runs as the caller.';
grant execute on function public.search_products to anon, authenticated, service_role;

grant execute on function
  private.query_operators, private.parse_query, private.word_query, private.sources_with,
  private.sources_of_phrases, private.product_query, private.products_with
  to anon, authenticated, service_role;
