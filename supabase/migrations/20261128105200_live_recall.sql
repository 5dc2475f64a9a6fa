-- Live recall: a search that somebody made, made again with everything compared.
--
-- Both searches are of one statement, so that they see the same rows: what is written meanwhile is no miss. Nothing is
-- read of what they find, and two numbers are all that is returned.

create function private.search_recall(
  query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer,
  wanted private.source_filter, syntax text, prefix boolean, out hits integer, out expected integer)
language plpgsql stable security invoker
-- As public.search.
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan set jit = off
as $$
declare
  bounded constant private.chunk_match[] := ((private.run_search(
    query, query_embedding, mode, kinds, max_results, wanted, 'bounded', syntax, prefix)).found).top;
  exact constant private.chunk_match[] := ((private.run_search(
    query, query_embedding, mode, kinds, max_results, wanted, 'exact', syntax, prefix)).found).top;
  lowest constant double precision := (exact[cardinality(exact)]).score;
begin
  expected := cardinality(exact);
  -- Of sources with the same score it does not matter which one is listed.
  hits := least(expected, (select count(*) from unnest(bounded) b where b.score >= lowest - 1e-9));
end $$;
comment on function private.search_recall is
  'How many results a search has that compares everything, and how many of these the usual search finds.';

create function private.search_recall_as(
  claims text, query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer,
  filters jsonb, embedding_model text, syntax text, prefix boolean, out hits integer, out expected integer)
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.assume_caller(claims);
  -- Visitors as well: the gateway makes few of these, and pays for them.
  perform private.check_search(
    query, query_embedding, mode, kinds, max_results, embedding_model, 'bounded');
  select r.hits, r.expected into hits, expected
  from private.search_recall(
    query, query_embedding, mode, kinds, max_results, private.read_filters(filters), syntax, prefix) r;
end $$;
comment on function private.search_recall_as is 'private.search_recall as the caller with these verified claims.';

grant execute on function private.search_recall to anon, authenticated, service_role;
grant execute on function private.search_recall_as to tidegate_gateway;
