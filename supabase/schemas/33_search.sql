-- public.search(): documents and products by meaning, by words, or both.
--
-- A search by meaning and a search by words each name candidate chunks. The most that any chunk can score in either is
-- 1, and a hybrid search ranks by the mean of the two. The best chunk of each source is kept, and the results are read
-- as the caller. Every row passes the policies, whatever the searches named.
--
-- An answer is complete when it holds max_results rows, or every match among what is embedded. It is not when something
-- was left unread or left out: words too frequent to read, more than 64 words, more words with a prefix than were
-- tried, or results beyond the size limit of an answer. What a result shows (see search_answers) is read last.

create function private.check_search(
  query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, embedding_model text,
  effort text)
returns void
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  model record;
begin
  select m.* into model from private.active_embedding_model() m;
  if mode not in ('semantic', 'keyword', 'hybrid') or mode is null then
    raise exception 'mode % is none of semantic, keyword, hybrid', mode using errcode = 'invalid_parameter_value';
  end if;
  if not kinds <@ array['documents', 'products'] or cardinality(kinds) = 0 or kinds is null then
    raise exception 'kinds % must name documents, products or both', kinds using errcode = 'invalid_parameter_value';
  end if;
  if max_results not between 1 and 100 or max_results is null then
    raise exception 'max_results % is not between 1 and 100', max_results using errcode = 'invalid_parameter_value';
  end if;
  if effort not in ('bounded', 'exact') or effort is null then
    raise exception 'effort % is none of bounded, exact', effort using errcode = 'invalid_parameter_value';
  end if;
  if effort = 'exact' and current_user = 'anon' then
    raise exception 'effort exact is for people who are signed in' using errcode = 'insufficient_privilege',
      hint = 'Sign in, or leave effort out.';
  end if;
  if mode <> 'keyword' and query_embedding is null then
    raise exception 'mode % wants query_embedding', mode using errcode = 'invalid_parameter_value';
  end if;
  if query is null or char_length(query) > 10000 then
    raise exception 'query must be a text of at most 10,000 characters' using errcode = 'invalid_parameter_value';
  end if;
  if mode <> 'keyword' and model.id is null then
    raise exception 'no embedding model is active' using errcode = 'invalid_parameter_value';
  end if;
  if mode <> 'keyword' and embedding_model <> model.name then
    raise exception 'the query''s vector is of %, the active model is %', embedding_model, model.name
      using errcode = 'invalid_parameter_value';
  end if;
end $$;
comment on function private.check_search is 'Raises an error for arguments that public.search does not accept.';

create type private.word_matches as (
  matches private.chunk_match[], is_complete boolean, marks private.marked_word[], has_every_word boolean,
  terms private.query_term[]);
comment on type private.word_matches is
  'What a search by words found, whether it read everything that could have filled the list, the words to highlight, '
  'whether every word of the query was looked for, and the stems that score.';

create function private.search_by_words(
  parsed private.parsed_query, kinds text[], sources uuid[], excluded uuid[], also bigint[], max_results integer,
  candidate_count integer, share double precision, wanted private.source_filter)
returns private.word_matches
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  query constant text := concat_ws(' ', parsed.words, array_to_string(parsed.prefixes, ' '));
  terms private.query_term[];
  leg private.search_leg;
  written private.search_leg;
  sources_found bigint;
  has_more_words boolean := false;
  has_every_word boolean;
begin
  loop
    terms := private.query_terms(parsed, kinds);
    if cardinality(parsed.prefixes) > 0 then
      has_more_words := exists (
        select from unnest(terms) t where t.original like '%*'
        group by t.original having count(*) >= parsed.per_prefix);
    end if;
    leg := private.keyword_matches(
      query, terms, kinds, sources, wanted, excluded, also, candidate_count, share);
    sources_found := (select count(distinct b.source_id) from unnest(leg.matches) b);
    -- The most frequent words of a prefix may have been filtered away, or be gone: then more of its words are tried.
    exit when not has_more_words or sources_found >= max_results or parsed.per_prefix > private.prefix_limit();
    parsed.per_prefix := greatest(
      private.prefix_limit() + 1, 16 * private.prefix_limit() / cardinality(parsed.prefixes));
  end loop;
  has_every_word := not has_more_words and private.knows_all_words(parsed.prefixes, kinds);
  if parsed.syntax = 'plain' then
    leg.matches := private.as_written_first(parsed.words, leg.matches);
  end if;
  -- Stop words of one language are words of another, which finds little where several of them are meant.
  if (cardinality(terms) = 0 or parsed.words ~ '\w\W+\w') and private.is_stop_words(parsed.words) then
    written := private.matches_as_written(parsed.words, kinds, sources, excluded, share);
    leg.matches := leg.matches || private.passing(written.matches, wanted);
    leg.is_complete := leg.is_complete and written.is_complete;
  end if;
  -- Of a long query only the first words are looked for; others may have matches as well.
  if sources_found < max_results and char_length(parsed.words) > 127 then
    has_every_word := has_every_word and not exists (
      select from private.query_words(parsed.words) w group by w.stemmer having count(*) >= 64);
  end if;
  return (
    leg.matches, leg.is_complete,
    array(select distinct private.mark(t) from unnest(terms) t), has_every_word,
    terms);
end $$;
comment on function private.search_by_words is
  'Search by words: BM25 matches, tried again with more words where a prefix did not fill the list. Stop words alone '
  'are looked for as they are written.';

create function private.best_matches(
  by_meaning private.chunk_match[], by_words private.chunk_match[], query_embedding extensions.halfvec, model smallint,
  semantic_weight double precision, max_results integer)
returns private.chunk_match[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    with candidates as (
      select m.source_id, m.chunk_id, max(m.cosine) as cosine, max(m.bm25) as bm25
      from (
        select b.source_id, b.chunk_id, b.score as cosine, null::double precision as bm25 from unnest(by_meaning) b
        union all
        select b.source_id, b.chunk_id, null, b.score from unnest(by_words) b) m
      group by m.source_id, m.chunk_id
    ), scored as (
      -- A weighted sum keeps how sure each search is, which ranks do not. A chunk found by words has a vector as well.
      select c.source_id, c.chunk_id,
             case when semantic_weight = 0 then 0 else semantic_weight * coalesce(
               c.cosine,
               (select 1 - (e.embedding operator(extensions.<=>) query_embedding)
                from public.chunk_embeddings e where e.chunk_id = c.chunk_id and e.model_id = model), 0) end
             + (1 - semantic_weight) * coalesce(c.bm25, 0) as score
      from candidates c
    ), best as (
      select distinct on (s.source_id) s.* from scored s order by s.source_id, s.score desc, s.chunk_id
    )
    select (b.source_id, b.chunk_id, b.score)::private.chunk_match
    from best b order by b.score desc, b.source_id limit max_results);
end $$;
comment on function private.best_matches is
  'The best sources of both searches, best chunk each: cosine and BM25 weighed together.';

create function private.titled_first(
  candidates private.chunk_match[], title text, kinds text[], range private.search_range, excluded uuid[])
returns private.chunk_match[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  titled private.titled_source[] := array(
    select t from private.sources_titled(title, kinds) t
    where (range.sources is null or t.id = any (range.sources)) and (excluded is null or not t.id = any (excluded)));
begin
  if cardinality(titled) > 0 and not range.wanted is null then
    titled := array(
      select t from unnest(titled) t
      where t.id in (
        select private.passing_sources(array(select u.id from unnest(titled) u), range.wanted)));
  end if;
  if cardinality(titled) = 0 then
    return candidates;
  end if;
  return array(
    select (f.source_id, f.chunk_id, f.score)::private.chunk_match
    from (
      select c.source_id, c.chunk_id, c.score + (c.source_id in (select t.id from unnest(titled) t))::integer as score
      from unnest(candidates) c
      union all
      select t.id, x.id, 1
      from (select distinct on (u.id) u.* from unnest(titled) u order by u.id, u.file_id nulls first) t
      cross join lateral (
        select k.id from public.chunks k
        where k.source_id = t.id and (t.file_id is null or k.file_id = t.file_id) order by k.position limit 1) x
      where not exists (select from unnest(candidates) c where c.source_id = t.id)) f
    order by f.score desc, f.source_id);
end $$;
comment on function private.titled_first is
  'The candidates, with 1 more for those with this title or a file of this name, found or not: more than any other '
  'can have. As they are without a title.';

create type private.search_matches as (
  top private.chunk_match[], words private.word_matches, is_complete boolean, by_meaning private.chunk_match[],
  candidates private.chunk_match[], excluded uuid[], moments timestamptz[]);
comment on type private.search_matches is
  'The best chunk of each source, what the words found, whether it is all there is, or as much as was asked for, '
  'what meaning found, the ranking that top is the beginning of, the excluded sources (a null: perhaps more), and when '
  'plan, meaning, words and fusion ended (null: was not done).';

create function private.matches_of(
  parsed private.parsed_query, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer,
  range private.search_range, effort text, model smallint, weight double precision, share double precision)
returns private.search_matches
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  candidate_count constant integer := greatest(100, 4 * max_results);
  operator_share constant double precision := private.operator_share(parsed);
  excluded uuid[] := private.excluded_sources(parsed.excluded, kinds, operator_share);
  excludes_all constant boolean := array_position(excluded, null) is null;
  has_every_phrase boolean;
  leg private.search_leg := ('{}', true);
  found private.search_matches := ('{}', ('{}', true, '{}', true, '{}'), true, '{}', '{}', excluded, null);
  planned timestamptz;
  compared timestamptz;
  read timestamptz;
begin
  excluded := array_remove(excluded, null);
  range.sources := private.sources_of_phrases(parsed.phrases, kinds, range.sources, operator_share);
  has_every_phrase := array_position(range.sources, null) is null;
  range.sources := array_remove(range.sources, null);
  if range.sources is not null and not range.wanted is null then
    range.sources := array(select private.passing_sources(range.sources, range.wanted));
    range.wanted := null;
  end if;
  planned := clock_timestamp();
  if cardinality(range.sources) = 0 then
    found.is_complete := has_every_phrase;
    found.moments := array[planned, null, null, null];
    return found;
  end if;
  if mode <> 'keyword' then
    leg := private.semantic_matches(
      query_embedding, kinds, coalesce(range.sources, range.some_sources), excluded, max_results, effort = 'exact',
      share * weight, range.wanted);
    leg := private.nearest_matches(parsed.words, leg, candidate_count);
    found.by_meaning := leg.matches;
    compared := clock_timestamp();
  end if;
  if mode = 'semantic' then
    found.words.marks := private.words_to_mark(parsed);
  else
    found.words := private.search_by_words(
      parsed, kinds, range.sources, excluded, array(select m.chunk_id from unnest(leg.matches) m), max_results,
      candidate_count, share * (1 - weight), range.wanted);
    read := clock_timestamp();
  end if;
  found.candidates := private.titled_first(
    private.best_matches(leg.matches, (found.words).matches, query_embedding, model, weight, candidate_count),
    case when mode <> 'semantic' then parsed.title end, kinds, range, excluded);
  found.candidates := case when excludes_all then found.candidates
    else private.without(found.candidates[:4 * max_results], parsed.excluded) end;
  found.top := found.candidates[:max_results];
  found.is_complete := (found.words).has_every_word and (
    cardinality(found.top) >= max_results
    or leg.is_complete and (found.words).is_complete and has_every_phrase and excludes_all);
  found.moments := array[planned, compared, read, clock_timestamp()];
  return found;
end $$;
comment on function private.matches_of is
  'What a parsed query finds in a range. share: how much of the bounds of a search its words and its meaning have.';

create type private.search_run as (
  parsed private.parsed_query, kinds text[], range private.search_range, model smallint, weight double precision,
  share double precision, found private.search_matches, is_complete boolean, moments timestamptz[]);
comment on type private.search_run is
  'A search: the query as it was read in the end, the kinds that can pass the filters, where it was searched, the '
  'model and the weight of meaning, how much of the bounds words and meaning had, what was found, and when it began '
  'and its parts ended.';

create function private.run_search(
  query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer,
  wanted private.source_filter, effort text, syntax text, prefix boolean default false)
returns private.search_run
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  of_documents constant boolean := num_nonnulls(wanted.organization_ids, wanted.document_ids) > 0;
  of_products constant boolean :=
    num_nonnulls(wanted.category, wanted.price_min, wanted.price_max, wanted.in_stock) > 0;
  run private.search_run;
  began constant timestamptz := clock_timestamp();
begin
  run.model := (private.active_embedding_model()).id;
  run.weight := case mode when 'semantic' then 1 when 'keyword' then 0 else 0.5 end;
  -- Every result passes every filter, so a kind that lacks the property is left out.
  run.kinds := array(
    select distinct k from unnest(kinds) k
    where not (k = 'documents' and of_products) and not (k = 'products' and of_documents));
  run.range := private.search_range(run.kinds, wanted, effort = 'exact');
  run.parsed := private.parse_query( -- meaning knows no operators
    query, case when mode = 'semantic' and syntax = 'operators' then 'plain' else syntax end,
    prefix and mode <> 'semantic');
  run.share := 1 - private.operator_share(run.parsed);
  run.found := private.matches_of(
    run.parsed, query_embedding, mode, run.kinds, max_results, run.range, effort, run.model, run.weight, run.share);
  run.is_complete := (run.found).is_complete;
  run.moments := began || (run.found).moments;
  if cardinality((run.found).top) = 0 and (run.parsed).syntax = 'operators' and (run.parsed).title <> query then
    -- The operators left nothing and give way. Both searches share the bounds.
    run.parsed := private.parse_query(query, 'plain', prefix);
    run.found := private.matches_of(
      run.parsed, query_embedding, mode, run.kinds, max_results, run.range, effort, run.model, run.weight, run.share);
    run.is_complete := run.is_complete and (run.found).is_complete;
    run.moments := run.moments || (run.found).moments;
  end if;
  return run;
end $$;
comment on function private.run_search is
  'Searches, and reads nothing of what was found. The arguments are those that private.check_search accepts.';

create function public.search(
  query text, query_embedding extensions.halfvec default null, mode text default 'hybrid',
  kinds text[] default '{documents,products}', max_results integer default 10, filters jsonb default null,
  embedding_model text default null, effort text default 'bounded', passages_per_result integer default 1,
  include text[] default '{}', syntax text default 'operators', prefix boolean default false)
returns public.search_answer
language plpgsql stable security invoker
-- Compiling a statement takes a hundred times as long as it runs, and until PostgreSQL 17 a plan that `enable_nestloop`
-- rules out counts as dear enough.
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set jit = off
as $$
declare
  answer record;
begin
  perform private.check_passages(passages_per_result, include), private.check_search(
    query, query_embedding, mode, kinds, max_results, embedding_model, effort);
  answer := private.answer_of(
    private.run_search(
      query, query_embedding, mode, kinds, max_results, private.read_filters(filters), effort, syntax,
      coalesce(prefix, false)),
    query_embedding, passages_per_result, include);
  return (answer.results, answer.complete, answer.syntax, answer.corrections, answer.more);
end $$;
comment on function public.search is
  'Documents and products that the caller may read, best first, each once, with its best passages. In the query "a '
  'phrase" must occur, -word must not, and boat* is a prefix, unless syntax is plain, mode is semantic, or these '
  'leave nothing. prefix: the last word is the beginning of one, for search as people type. embedding_model names the '
  'model of query_embedding; the search is refused when that is not the active one. filters: what every result must be '
  'like, as in POST /v1/search. effort: exact compares every chunk by meaning, for people who are signed in. '
  'passages_per_result: 1 to 10. include: content for the whole text '
  'of each result, neighbours for the chunks before and after. complete: whether the answer holds max_results results '
  'or every match.';
grant execute on function public.search to anon, authenticated, service_role;

grant execute on function
  private.check_search, private.search_by_words, private.best_matches, private.titled_first, private.matches_of,
  private.run_search
  to anon, authenticated, service_role;
