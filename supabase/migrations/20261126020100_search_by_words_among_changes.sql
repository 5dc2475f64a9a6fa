-- Purpose: the best by words are found also while many passages wait to be posted again. What is compared directly counted
-- as read, so that a long document or passages changed since could fill the rows and leave better documents out.
-- Undo: create keyword_matches of 20261126010200 again.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create or replace function private.keyword_matches(
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
  sources_read bigint;
begin
  loop
    -- Robertson and Zaragoza 2009, k1 = 1.2 and b = 0.75, over the most that this query could score: 0 to 1. Everything is
    -- calculated in doubles: a decimal among the numbers takes half of the time.
    with posted as materialized (
      select x.posting >> 16 as posting_id,
             sum(x.weight * ((x.posting >> 11) & 31)::double precision / (
               ((x.posting >> 11) & 31)::double precision + 0.3::double precision
               + x.steepness * (x.posting & 2047)::double precision)) as score
      from (
        select unnest(p.postings) as posting, t.weight, p.steepness
        from unnest(terms) t
        -- Word by word: the planner, which does not know how few they are, would read all postings of a small table.
        cross join lateral (
          select w.postings, 0.9 / t.average_length as steepness from private.postings w
          where w.scope_id = any (scopes) and w.word = t.word and w.stemmer = t.stemmer offset 0) p) x
      group by x.posting >> 16
    ), best as materialized (
      select p.posting_id, p.score from posted p
      where (sources is null or p.posting_id in (
              select m.posting_id from public.chunks c join private.posted_passages m on m.chunk_id = c.id
              where c.source_id = any (sources)))
        and (excluded is null or not p.posting_id in (
              select m.posting_id from public.chunks c join private.posted_passages m on m.chunk_id = c.id
              where c.source_id = any (excluded)))
      order by p.score desc, p.posting_id limit row_limit
    ), meant as materialized (
      select m.posting_id, m.chunk_id from unnest(also) a (chunk_id) join private.posted_passages m using (chunk_id)
    ), matches as (
      select m.chunk_id, b.score, true as is_among_best from best b join private.posted_passages m using (posting_id)
      union all
      select m.chunk_id, p.score, false from meant m join posted p using (posting_id)
      union all
      select c.id, s.score, false
      from public.chunks c
      cross join lateral (
        select sum(t.weight * f.times / (
          f.times + 0.3::double precision + 0.9 / t.average_length * least(c.token_count, 2047))) as score
        from unnest(c.search_vector) v
        join unnest(terms) t on t.word = v.lexeme and t.stemmer = c.stemmer
        cross join lateral (select least(coalesce(cardinality(v.positions), 1), 31)::double precision) f (times)) s
      where c.id = any (direct) and s.score is not null
      union all
      select a.chunk_id, a.score, false from private.article_matches(query, scopes) a where 'products' = any (kinds))
    select array_agg((c.source_id, c.id, least(m.score, 1))::private.chunk_match), (select count(*) from best),
           count(distinct c.source_id) filter (where m.is_among_best)
    into found, passages, sources_read
    from matches m join public.chunks c on c.id = m.chunk_id
    where (sources is null or c.source_id in (select unnest(sources)))
      and (excluded is null or not c.source_id in (select unnest(excluded)));
    -- A long document may have filled the rows with passages of its own, or passages that have changed since. What was
    -- found otherwise does not count: it may be worse than what was not read.
    exit when passages < row_limit or sources_read >= match_count;
    row_limit := 8 * row_limit;
  end loop;
  return query
    select b.source_id, b.chunk_id, b.score
    from (
      select distinct on (f.source_id) f.* from unnest(found) f order by f.source_id, f.score desc, f.chunk_id) b
    union
    select f.source_id, f.chunk_id, f.score from unnest(found) f where f.chunk_id = any (also);
end $$;
