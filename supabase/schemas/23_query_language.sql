-- The query language: words, "phrases", -exclusions and prefixes*.
--
-- Words are alternatives, a phrase must occur, what follows a minus must not, and a prefix stands for the words that
-- begin with it. How much of each one query may hold is limited (PT422).
--
-- What people paste, such as a log line or a command, has the same signs and means none of them. So a query that looks
-- like a text has no operators, and neither has one of which operators leave nothing. A minus that a document has at
-- the same word is the document's own and excludes nothing there.

create type private.query_operators as (operators integer, others integer, is_text boolean);
comment on type private.query_operators is
  'What a query holds: operators, other words, and whether it is a text, in which they mean nothing.';

create type private.parsed_query as (
  words text, prefixes text[], phrases text[], excluded text[], per_prefix integer, syntax text, title text);
comment on type private.parsed_query is
  'A parsed query: its words; the prefixes (boat*); the phrases ("slack water"; alternatives are joined by a line '
  'feed); what must not occur (-boat); how many words each prefix stands for; how it was read: operators or plain; and '
  'its words as a title may have them.';

create function private.prefix_limit() returns integer
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp as $$ select 64 $$;
comment on function private.prefix_limit is
  'How many words a prefix stands for at first; sixteen times as many when these do not fill the list.';

create function private.operator_share(parsed private.parsed_query) returns double precision
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select case when cardinality(parsed.phrases || parsed.excluded || parsed.prefixes) > 0 then 0.5 else 0 end
$$;
comment on function private.operator_share is
  'How much of the bounds of a search the phrases of a query have, and its exclusions, each. Its words and its meaning '
  'share the rest.';
grant execute on function private.prefix_limit, private.operator_share to anon, authenticated, service_role;

create function private.query_pieces(query text) returns table (place bigint, kind text, written text)
language plpgsql immutable security invoker parallel safe rows 10 set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select p.place,
           case
             when p.piece[3] = '' or p.piece[3] <> btrim(p.piece[3], E' \t\n\r') then 'word'
             when p.piece[2] = '-' then case when p.piece[4] ~ '^(-|[!-~]$)' then 'option' else 'exclusion' end
             when p.piece[3] is not null then 'phrase'
             when p.piece[4] ~ '^\w{2,}\*$' and private.marked_runs(p.piece[4]) is null then 'prefix'
             when lower(p.piece[4]) = 'or' then 'or'
             else 'word' end,
           coalesce(regexp_replace(p.piece[3], '\s+', ' ', 'g'), p.piece[4])
    -- piece: what precedes it, minus, phrase, word
    from regexp_matches(query, '(^|\s)(-?)(?:"([^"]*)"(?=\s|$)|(\S+))', 'g') with ordinality p (piece, place);
end $$;
comment on function private.query_pieces is
  'The pieces of a query, set off by white space: phrase, exclusion, prefix, or, option (-m, --all) and word. A '
  'quotation that begins or ends with white space, or touches another character, is words.';

create function private.is_listing(operators bigint, others bigint) returns boolean
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select operators <= others and (operators > 16 or operators + others > 64) $$;
comment on function private.is_listing is
  'Whether a query has so many operators, and no more than other words, that it is a pasted log or listing.';

create function private.query_operators(query text) returns private.query_operators
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  found private.query_operators;
  unquoted constant text := regexp_replace(query, '(^|\s)-?"[^"]*"(?=\s|$)', ' ', 'g');
begin
  with pieces as materialized (
    select p.*, regexp_count(p.written, '\S+') as words,
           p.kind in ('phrase', 'exclusion', 'prefix') as is_operator,
           coalesce('or' in (lag(p.kind) over by_place, lead(p.kind) over by_place), false) as is_alternative
    from private.query_pieces(query) p window by_place as (order by p.place)
  ), counted as (
    select count(*) filter (where p.is_operator) as operators,
           coalesce(sum(p.words) filter (where p.kind in ('word', 'option')), 0) as others,
           max(regexp_count(p.written, '[[:alnum:]]+')) filter (where p.kind = 'phrase') as longest,
           count(*) filter (where p.kind not in ('exclusion', 'or') and p.written ~ '[[:alnum:]]') as asked_for,
           min(p.place) filter (where p.kind = 'word' and not p.is_alternative) as first_word,
           max(p.place) filter (where p.kind = 'word' and not p.is_alternative) as last_word
    from pieces p
  )
  select c.operators, c.others, coalesce(
           private.is_listing(c.operators, c.others) or coalesce(c.longest > 64, false) or c.asked_for = 0
           or unquoted ~ '[][\n\r;=\\`(){}<>|]|://|:(\s|$)|(^|\s)(--|-[!-~](\s|$)|[.~]{0,2}/|\.{1,2}(\s|$))'
           or exists (select from pieces p where p.kind = 'phrase' and p.place between c.first_word and c.last_word),
           false)
  into found
  from counted c;
  return found;
end $$;
comment on function private.query_operators is
  'Counts the operators of a query and tells whether it is a text: it has many of them among more words, a quotation '
  'of more than 64 words or between words, nothing but exclusions, an option, or outside quotations a sign that only '
  'code, logs and paths have.';

create function private.parse_operators(query text) returns private.parsed_query
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  parsed private.parsed_query := (query, '{}', '{}', '{}', private.prefix_limit(), 'operators', query);
begin
  with pieces as materialized (
    -- What "or" joins is one group. What it does not join to a phrase is a word like others.
    select p.*, count(*) filter (where not p.is_joined) over (order by p.place) as "group"
    from (
      select k.*, k.kind in ('phrase', 'word', 'prefix') and coalesce(
               lag(k.kind) over by_place = 'or'
                 and lag(k.kind, 2) over by_place in ('phrase', 'word', 'prefix'), false) as is_joined
      from private.query_pieces(query) k window by_place as (order by k.place)) p
    where p.kind <> 'or'
  ), groups as (
    select string_agg(distinct p.written, E'\n') as alternatives from pieces p
    group by p."group" having bool_or(p.kind = 'phrase') and not bool_or(p.kind = 'prefix'))
  select coalesce((
           select string_agg(p.written, ' ' order by p.place) from pieces p
           where p.kind in ('phrase', 'word', 'option')), ''),
         array(select distinct lower(rtrim(p.written, '*')) from pieces p where p.kind = 'prefix'),
         array(select distinct g.alternatives from groups g),
         array(select distinct p.written from pieces p where p.kind = 'exclusion')
  into parsed.words, parsed.prefixes, parsed.phrases, parsed.excluded;
  parsed.title := parsed.words;
  return parsed;
end $$;
comment on function private.parse_operators is
  'Parses a query as websearch_to_tsquery does, with prefixes. "or" makes alternatives of phrases, and of a phrase and '
  'a word.';

create function private.enforce_operator_limits(parsed private.parsed_query) returns void
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  alternatives constant text[] := string_to_array(array_to_string(parsed.phrases, E'\n'), E'\n');
begin
  perform private.enforce_limit('query_phrases', cardinality(alternatives), 'PT422'),
          private.enforce_limit('query_exclusions', cardinality(parsed.excluded), 'PT422'),
          private.enforce_limit('query_prefixes', cardinality(parsed.prefixes), 'PT422'),
          private.enforce_limit('query_quoted_words', (
            select coalesce(sum(regexp_count(t.text, '[[:alnum:]]+')), 0)::integer
            from (select unnest(alternatives) union select unnest(parsed.excluded)) t (text)), 'PT422');
end $$;
comment on function private.enforce_operator_limits is
  'Raises PT422 when a query holds more of an operator than private.limits allows.';

create function private.parse_query(query text, syntax text default 'operators', prefix boolean default false)
returns private.parsed_query
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  parsed private.parsed_query := (query, '{}', '{}', '{}', private.prefix_limit(), syntax, query);
  unfinished constant text := substring(query from '(?:^|\s)(\w{2,})$');
begin
  if syntax not in ('operators', 'plain') or syntax is null then
    raise exception 'syntax % is none of operators, plain', syntax using errcode = 'invalid_parameter_value';
  end if;
  -- A short cut: most queries have no operator.
  if syntax = 'operators' and query ~ '"|\*|(^|\s)-\S' then
    if (private.query_operators(query)).is_text then
      parsed.syntax := 'plain';
    else
      parsed := private.parse_operators(query);
      perform private.enforce_operator_limits(parsed);
    end if;
  end if;
  if prefix and unfinished is not null and private.marked_runs(unfinished) is null then
    parsed.words := regexp_replace(parsed.words, '\w+$', '');
    parsed.prefixes := parsed.prefixes || lower(unfinished);
  end if;
  parsed.prefixes := parsed.prefixes || private.lone_characters(parsed.words);
  return parsed;
end $$;
comment on function private.parse_query is
  'Parses a query; as plain words when syntax is plain or it is a text. prefix: its last word is the beginning of one. '
  'Raises PT422 as enforce_operator_limits does.';

create function private.word_query(word text) returns tsquery
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select ('''' || replace(replace(word, '\', '\\'), '''', '''''') || '''')::tsquery $$;
comment on function private.word_query is 'The tsquery of one stem, whatever characters it has.';

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
  perform private.enforce_operator_limits(private.parse_operators(search_products.query))
  from private.query_operators(search_products.query) o where not private.is_listing(o.operators, o.others);
  perform private.enforce_limit('query_alternatives', regexp_count(search_products.query, '\mor\M', 1, 'i'), 'PT422');
  return query
    select p.* from private.products_with(search_products.query) w join public.products p on p.id = w.product_id
    order by w.rank desc, p.id;
end $$;
comment on function public.search_products is
  'Products with all these words in name, SKU or description, best first; "a phrase", or, and -word as in a web '
  'search. Returns rows of products, which can be filtered, sorted and paged likewise. Runs as the caller.';
grant execute on function public.search_products to anon, authenticated, service_role;

grant execute on function
  private.query_pieces, private.is_listing, private.query_operators, private.parse_operators,
  private.enforce_operator_limits, private.parse_query, private.word_query, private.product_query,
  private.products_with
  to anon, authenticated, service_role;

create function private.chunk_stemmers() returns setof text
language plpgsql stable security definer rows 10 set search_path = pg_catalog, pg_temp
as $$
begin
  -- A loose index scan from one stemmer to the next.
  return query
    with recursive stemmers (name) as (
      (select c.stemmer from public.chunks c order by c.stemmer limit 1)
      union all
      select (select c.stemmer from public.chunks c where c.stemmer > s.name order by c.stemmer limit 1)
      from stemmers s where s.name is not null)
    select s.name from stemmers s where s.name is not null;
end $$;
comment on function private.chunk_stemmers is
  'Every stemmer that some chunk has. Definer: which there are must not depend on the caller.';
grant execute on function private.chunk_stemmers to anon, authenticated, service_role;

create function private.stems(words text) returns table (stemmer text, word text, times integer)
language plpgsql stable security invoker rows 10 set search_path = pg_catalog, pg_temp
as $$
begin
  -- Parsing takes time quadratic in the length of a word, and no real word is that long.
  if char_length(words) > 255 then
    words := regexp_replace(words, '\S{255}\S+', ' ', 'g');
  end if;
  -- Only the first 64 words of a query count.
  return query
    select s.name, w.word, w.times
    from private.chunk_stemmers() s (name)
    cross join lateral (
      select v.lexeme, cardinality(v.positions)
      from unnest(to_tsvector(('pg_catalog.' || s.name)::regconfig, words)) v
      order by v.positions[1], v.lexeme limit 64) w (word, times);
end $$;
comment on function private.stems is
  'Stems of words without stop words, and how often each occurs, by every stemmer that some chunk has.';

create function private.query_words(query text) returns table (stemmer text, word text, times integer)
language sql stable security invoker rows 10 set search_path = pg_catalog, pg_temp
as $$
  -- covid19 is not the same as covid and 19: a word that ends in a number has other forms in texts only.
  select s.* from private.stems(concat_ws(
    E'\n', private.query_text(query),
    private.other_forms(regexp_replace(private.folded(query), '(?<!\S)[[:alpha:]]+\d+(?!\S)', ' ', 'g')))) s
  -- wi-fi is there as wifi, as in every text that has it: both would count twice.
  where s.word ~ '^[[:alnum:]]+$' or not private.is_compound(s.word)
$$;
comment on function private.query_words is 'Stems of a query, and of what else its words are spelled as.';
grant execute on function private.stems, private.query_words to anon, authenticated, service_role;
