-- Purpose: what a search by words needs to cost no more by how many words it has and by how many audiences its caller
-- has: the words of passages meet the query's in a hash table, whatever the planner expects, and rows of postings have
-- a bound. keyword_matches of 20261128010300 uses both.
-- Undo: drop functions private.scores_of_passages(bigint[], private.query_term[]) and private.posting_row_limit().
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create function private.scores_of_passages(passages bigint[], terms private.query_term[])
returns setof private.chunk_match
language plpgsql stable security invoker rows 100 set search_path = pg_catalog, pg_temp
-- Otherwise each word of each passage is compared with each of the query, ten times as slow for a query of 64 words.
set enable_nestloop = off set enable_mergejoin = off
as $$
begin
  return query
    select v.source_id, v.id,
           sum(t.weight * v.times / (v.times + 0.3::double precision + 0.9 / t.average_length * v.length))
    from (
      select c.source_id, c.id, c.stemmer, least(c.token_count, 2047)::double precision as length, w.lexeme,
             least(coalesce(cardinality(w.positions), 1), 31)::double precision as times
      from public.chunks c cross join lateral unnest(c.search_vector) w
      where c.id = any (passages)) v
    join unnest(terms) t on t.word = v.lexeme and t.stemmer = v.stemmer
    group by v.source_id, v.id;
end $$;
comment on function private.scores_of_passages(bigint[], private.query_term[]) is
  'The score of each of these passages that has any of the words, from its text: about 10 microseconds each.';

create function private.posting_row_limit() returns integer
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select 10000 $$;
comment on function private.posting_row_limit() is
  'Rows of postings, one for each word and audience, that a search reads: about 2 microseconds each.';
