-- What a search answers: its results as they are shown, and why it found what it found.
--
-- An explanation is the caller's own view. It is made as the caller, of what the caller may read: an id that nobody
-- has and one that the caller may not read give the same answer. It leaves out private.walk_limit(), which depends on
-- how much others have.
--
-- The search is run once, and explained from what it found. A source that it did not find has its scores computed, from
-- as many of its chunks as private.passage_limit() allows for all of them together.

create type private.timed_answer as (
  results public.search_result[], complete boolean, syntax text, moments timestamptz[],
  corrections public.search_correction[], more boolean);
comment on type private.timed_answer is
  'A public.search_answer, and when the search began, when plan, meaning, words and fusion ended (null: was not done; '
  'once more where operators gave way), and when the results were read. For operators: how long a search takes may '
  'depend on what its caller may not read.';

create function private.search_answer(
  top private.chunk_match[], further private.chunk_match[], marks private.marked_word[], include text[],
  is_complete boolean, syntax text, moments timestamptz[])
returns private.timed_answer
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  most_bytes constant bigint := private.limit_of('search_answer_bytes');
  wants_content constant boolean := 'content' = any (include);
  answer private.timed_answer;
begin
  with found as (
    select t.score, t.source_id as id, d.id as document_id, coalesce(d.title, p.name) as title,
           coalesce(d.front_matter || d.metadata, p.metadata || jsonb_build_object(
             'sku', p.sku, 'category', k.slug, 'price', p.price, 'currency', p.currency,
             'in_stock', p.is_in_stock)) as metadata,
           o.owner,
           -- The text may be another one than its chunks are of, as that of a product.
           case when d.status = 'ready' or d.chunks_done = d.chunks_total then a.passages
             else private.in_place(a.passages, coalesce(d.content, p.description)) end as passages,
           -- The size of a text is known without reading it; one beyond the limit is left out.
           case when wants_content and octet_length(coalesce(d.content, p.description)) <= most_bytes
             then coalesce(d.content, p.description) end as content, d.unread_by_model
    from unnest(top) t
    join private.passages_of(top, further, marks, include) a using (source_id)
    left join public.documents d on d.id = t.source_id
    left join private.owners_of(array(select u.source_id from unnest(top) u)) o on o.document_id = d.id
    left join public.products p on p.id = t.source_id
    left join public.categories k on k.id = p.category_id
    where d.id is not null or p.id is not null
  ), bounded as (
    select f.*, count(*) over () as results, sum(coalesce(octet_length(f.content), 0)) over (
             order by f.score desc, f.id rows unbounded preceding) as text_bytes
    from found f
  ), results as (
    select case when b.document_id is not null then 'document' else 'product' end as kind, b.id, b.document_id,
           b.title, n.text as snippet, n.highlights, (b.passages[1]).heading_path, b.score, b.metadata, b.owner,
           b.passages, b.content, b.unread_by_model, b.results
    from bounded b
    cross join lateral private.snippet((b.passages[1]).content, (b.passages[1]).highlights) n
    where b.text_bytes <= most_bytes
  ), measured as (
    select r.*, sum(octet_length(to_json(r)::text)) over best_first as bytes_so_far,
           row_number() over best_first as place
    from results r window best_first as (order by r.score desc, r.id rows unbounded preceding)
  )
  select coalesce(array_agg((
           m.kind, m.id, m.document_id, m.title, m.snippet, m.highlights, m.heading_path, m.score, m.metadata,
           m.owner, m.passages, m.content, m.unread_by_model)::public.search_result order by m.place), '{}'),
         is_complete and count(*) = coalesce(max(m.results), 0), syntax, moments || clock_timestamp()
  into answer.results, answer.complete, answer.syntax, answer.moments
  -- At least one, whatever its size.
  from measured m where m.bytes_so_far <= most_bytes or m.place = 1;
  return answer;
end $$;
comment on function private.search_answer is
  'Results of these chunks, best first, as far as they fit into the size limit of an answer.';

create function private.answer_of(
  run private.search_run, query_embedding extensions.halfvec, passages_per_result integer, include text[])
returns private.timed_answer
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  answer private.timed_answer := private.search_answer(
    (run.found).top, private.further_passages(
      (run.found).top, ((run.found).words).terms, run.kinds, query_embedding, run.model, run.weight,
      passages_per_result - 1),
    ((run.found).words).marks, include, run.is_complete, (run.parsed).syntax, run.moments);
begin
  answer.corrections := array(
    select distinct (t.original, t.corrected)::public.search_correction
    from unnest(((run.found).words).terms) t where t.corrected is not null);
  answer.more := not answer.complete or cardinality((run.found).candidates) > cardinality(answer.results);
  return answer;
end $$;
comment on function private.answer_of is 'What a search found, as an answer shows it.';

create function private.search_as(
  claims text, query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer,
  filters jsonb, embedding_model text, effort text default 'bounded', passages_per_result integer default 1,
  include text[] default '{}', syntax text default 'operators', trace text default null,
  prefix boolean default false)
returns private.timed_answer
language plpgsql volatile security invoker
-- As public.search.
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set jit = off
as $$
begin
  perform private.assume_caller(claims, trace);
  perform private.check_passages(passages_per_result, include), private.check_search(
    query, query_embedding, mode, kinds, max_results, embedding_model, effort);
  return private.answer_of(
    private.run_search(
      query, query_embedding, mode, kinds, max_results, private.read_filters(filters), effort, syntax,
      prefix),
    query_embedding, passages_per_result, include);
end $$;
comment on function private.search_as is
  'public.search as the caller with these verified claims, and when its parts ended.';

create type private.explained_answer as (answer private.timed_answer, explanation jsonb);
comment on type private.explained_answer is 'What a search found, and why.';

create function private.explained_plan(run private.search_run, mode text, exact boolean) returns jsonb
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  scopes constant uuid[] := private.search_scopes(run.kinds);
  plan constant private.search_plan := private.plan_search(run.model, scopes);
  has_list constant boolean := (run.range).sources is not null or cardinality((run.parsed).phrases) > 0;
begin
  return jsonb_build_object(
    'in', run.kinds, 'chunks', plan.chunks, 'passing_filters', cardinality((run.range).sources),
    'weight_of_meaning', run.weight, 'candidates', cardinality((run.found).candidates),
    'meaning', case when mode <> 'keyword' then jsonb_build_object(
      'method', case
        when exact or not (plan.walks or cardinality(plan.scope_indexes) > 0) then 'comparison'
        when has_list then 'comparison, then indexes'
        else 'indexes' end,
      'scope_indexes', cardinality(plan.scope_indexes), 'common_index', plan.walks,
      'comparison_limit', private.comparison_limit()) end,
    'words', case when mode <> 'semantic' then jsonb_build_object(
      'terms', (
        select coalesce(jsonb_agg(jsonb_build_object(
                 'word', w.original, 'chunks', w.chunks, 'weight', w.weight) order by w.weight desc, w.original), '[]')
        from (
          select t.original, sum(t.frequency) as chunks, max(t.weight) as weight
          from unnest(((run.found).words).terms) t group by t.original
          order by max(t.weight) desc, t.original limit 64) w),
      'posting_limit', ceil(run.share * (1 - run.weight) * private.posting_limit(plan.chunks))) end);
end $$;
comment on function private.explained_plan is
  'How a search was made. chunks: those in the caller''s scopes. terms: the words and prefixes that were looked for, '
  'and how many of these chunks have each.';

create function private.explained_candidates(run private.search_run, query_embedding extensions.halfvec)
returns table (
  id uuid, rank bigint, chunk_id bigint, score double precision, cosine double precision, bm25 double precision,
  meaning_rank bigint, words_rank bigint)
language plpgsql stable security invoker rows 100 set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    with by_meaning as (
      select m.source_id, m.chunk_id, m.score, row_number() over (order by m.score desc, m.source_id) as place
      from unnest((run.found).by_meaning) m
    ), of_words as materialized (
      select w.source_id, w.chunk_id, max(w.score) as score
      from unnest(((run.found).words).matches) w group by w.source_id, w.chunk_id
    ), by_words as (
      select w.source_id, row_number() over (order by max(w.score) desc, w.source_id) as place
      from of_words w group by w.source_id)
    select c.source_id, c.place, c.chunk_id, c.score,
           case when run.weight > 0 then coalesce(
             (select m.score from by_meaning m where m.chunk_id = c.chunk_id),
             (select 1 - (e.embedding operator(extensions.<=>) query_embedding)
              from public.chunk_embeddings e where e.chunk_id = c.chunk_id and e.model_id = run.model)) end,
           (select w.score from of_words w where w.chunk_id = c.chunk_id),
           (select m.place from by_meaning m where m.source_id = c.source_id),
           (select w.place from by_words w where w.source_id = c.source_id)
    from unnest((run.found).candidates) with ordinality c (source_id, chunk_id, score, place);
end $$;
comment on function private.explained_candidates is
  'The ranking that the results are the beginning of: each score with its parts, and the places in the search by '
  'meaning and in that by words, null where it did not find the source.';

create function private.filters_failed(source uuid, filters jsonb) returns text[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select f.key
    from (
      select e.key, private.read_filters(jsonb_build_object(e.key, e.value)) as part from jsonb_each(filters) e) f
    where not f.part is null and not exists (select from private.passing_sources(array[source], f.part))
    order by f.key);
end $$;
comment on function private.filters_failed is 'The filters that a document or product does not pass.';

create function private.operators_failed(source uuid, run private.search_run) returns text[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  excluded constant uuid[] := (run.found).excluded;
begin
  return array(
    select '"' || replace(p.phrase, E'\n', '" or "') || '"' from unnest((run.parsed).phrases) p (phrase)
    where not exists (select from private.sources_having(array[source], string_to_array(p.phrase, E'\n')))
    union all
    select '-' || case when e.text ~ '\s' then '"' || e.text || '"' else e.text end
    from unnest((run.parsed).excluded) e (text)
    where (source = any (excluded) or array_position(excluded, null) is not null)
      and exists (select from private.sources_having(array[source], array[e.text])));
end $$;
comment on function private.operators_failed is
  'The phrases of a query that a source does not have, and the exclusions that it has.';

create function private.explained_source(
  source uuid, run private.search_run, kinds text[], filters jsonb, max_results integer,
  query_embedding extensions.halfvec, most_chunks integer)
returns jsonb
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  kind text;
  status text;
  chunk record;
  failed text[];
  operators text[];
  higher bigint;
begin
  select 'documents', d.status::text into kind, status from public.documents d where d.id = source;
  if kind is null then
    select 'products' into kind from public.products p where p.id = source;
  end if;
  if kind is null then
    return jsonb_build_object('id', source, 'reason', 'unknown');
  end if;
  failed := case when kind = any (kinds) then '{}' else '{in}'::text[] end || private.filters_failed(source, filters);
  operators := private.operators_failed(source, run);
  select s.chunk_id, s.cosine, s.bm25, s.score into chunk
  from private.chunk_scores(
    array(select c.id from public.chunks c where c.source_id = source order by c.position limit most_chunks),
    ((run.found).words).terms, array[kind], query_embedding, run.model, run.weight) s
  order by s.score desc, s.chunk_id limit 1;
  higher := case when chunk.score > 0
    then (select count(*) from unnest((run.found).candidates) c where c.score >= chunk.score) end;
  return jsonb_build_object(
    'id', source,
    'reason', case
      when cardinality(failed) > 0 then 'filtered'
      when cardinality(operators) > 0 then 'operators'
      when status in ('failed', 'pending') then status
      when not exists (select from public.chunks c where c.source_id = source) then 'pending'
      when run.weight = 1 and chunk.cosine is null then 'pending'
      when coalesce(chunk.score, 0) <= 0 then 'no_match'
      when higher < max_results then 'missed'
      else 'below' end,
    'filters', failed, 'operators', operators, 'chunk_id', chunk.chunk_id, 'score', chunk.score,
    'cosine', chunk.cosine, 'bm25', chunk.bm25, 'higher', higher);
end $$;
comment on function private.explained_source is
  'Why a source is not among the candidates of a search, as the caller may know. missed: its score would have placed '
  'it among the results, and a bound or an approximate index left it out. higher: candidates with at least its score.';

create function private.explanation_of(
  run private.search_run, mode text, kinds text[], max_results integer, filters jsonb, exact boolean,
  query_embedding extensions.halfvec, explain_ids uuid[])
returns jsonb
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  most_chunks constant integer := greatest(1, private.passage_limit() / greatest(1, cardinality(explain_ids)));
begin
  return (
    with candidates as materialized (
      select c.id, c.rank, jsonb_strip_nulls(to_jsonb(c)) || jsonb_build_object(
               'reason', case when c.rank <= max_results then 'listed' else 'below' end, 'higher', c.rank - 1) as entry
      from private.explained_candidates(run, query_embedding) c)
    select jsonb_build_object(
      'plan', private.explained_plan(run, mode, exact),
      'results', (
        select coalesce(jsonb_agg(c.entry order by c.rank), '[]') from candidates c where c.rank <= max_results),
      'ids', (
        select coalesce(jsonb_agg(coalesce(c.entry, private.explained_source(
                 e.id, run, kinds, filters, max_results, query_embedding, most_chunks)) order by e.place), '[]')
        from unnest(explain_ids) with ordinality e (id, place)
        left join candidates c using (id))));
end $$;
comment on function private.explanation_of is
  'The plan of a search, the parts of each result''s score, and of each of these ids why it is where it is.';

create function private.explain_search(
  query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer,
  filters jsonb, embedding_model text, effort text, passages_per_result integer, include text[],
  syntax text, explain_ids uuid[], prefix boolean)
returns private.explained_answer
language plpgsql stable security invoker
-- As public.search.
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set jit = off
as $$
declare
  run private.search_run;
begin
  perform private.check_passages(passages_per_result, include), private.check_search(
    query, query_embedding, mode, kinds, max_results, embedding_model, effort);
  if cardinality(explain_ids) > 20 then
    raise exception 'explain_ids has more than 20 ids' using errcode = 'invalid_parameter_value';
  end if;
  run := private.run_search(
    query, query_embedding, mode, kinds, max_results, private.read_filters(filters), effort, syntax, prefix);
  return (
    private.answer_of(run, query_embedding, passages_per_result, include),
    private.explanation_of(run, mode, kinds, max_results, filters, effort = 'exact', query_embedding, explain_ids));
end $$;
comment on function private.explain_search is
  'public.search, and why it found what it found. explain_ids: documents and products, at most 20, of which to say why '
  'each is not in the list.';

create function private.explain_search_as(
  claims text, query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer,
  filters jsonb, embedding_model text, effort text, passages_per_result integer, include text[],
  syntax text, explain_ids uuid[], trace text default null, prefix boolean default false)
returns private.explained_answer
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.assume_caller(claims, trace);
  return private.explain_search(
    query, query_embedding, mode, kinds, max_results, filters, embedding_model, effort, passages_per_result, include,
    syntax, explain_ids, prefix);
end $$;
comment on function private.explain_search_as is 'private.explain_search as the caller with these verified claims.';

grant execute on function
  private.search_answer, private.answer_of, private.explained_plan, private.explained_candidates,
  private.filters_failed, private.operators_failed, private.explained_source, private.explanation_of,
  private.explain_search
  to anon, authenticated, service_role;
grant execute on function private.search_as, private.explain_search_as to tidegate_gateway;
