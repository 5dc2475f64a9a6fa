-- Purpose: hybrid search sorts none of the words that it reads: each passage is read once, and its words meet the query's.
-- Undo: create keyword_matches of 20261127220300 again.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create or replace function private.keyword_matches(
  query text, terms private.query_term[], kinds text[], sources uuid[], excluded uuid[], also bigint[], match_count integer)
returns private.search_leg
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set work_mem = '16MB'
as $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  direct constant bigint[] := private.unposted_passages(scopes, private.search_shares(kinds));
  posting_limit constant bigint := private.posting_limit((private.search_extent(kinds)).passages);
  is_bounded constant boolean := coalesce((select sum(t.frequency) from unnest(terms) t) > posting_limit, false);
  -- The rarest words find the passages, as many words as there is time for. The others tell little: they count for the
  -- passages that were found.
  rare constant private.query_term[] := array(
    select s.term
    from (
      select t::private.query_term as term, t.frequency,
             sum(t.frequency) over (order by t.weight desc, t.frequency, t.word, t.stemmer, t.original) as read
      from unnest(terms) t) s
    where s.read <= posting_limit or s.read = s.frequency);
  most integer := 16 * match_count;
  row_limit integer;
  posting_ids bigint[];
  scores double precision[];
  found private.chunk_match[];
  sources_read bigint;
begin
  loop
    -- Robertson and Zaragoza 2009, k1 = 1.2 and b = 0.75, over the most that this query could score: 0 to 1. Everything is
    -- calculated in doubles: a decimal among the numbers takes half of the time.
    with posted as materialized (
      select x.posting_id, sum(x.score) as score
      from (
        select r.posting >> 16 as posting_id,
               r.weight * ((r.posting >> 11) & 31)::double precision / (
                 ((r.posting >> 11) & 31)::double precision + 0.3::double precision
                 + r.steepness * (r.posting & 2047)::double precision) as score
        from (
          select unnest(p.postings) as posting, t.weight, p.steepness
          from unnest(rare) t
          -- Word by word: the planner, which does not know how few they are, would read all postings of a small table.
          cross join lateral (
            select w.postings, 0.9 / t.average_length as steepness from private.postings w
            where w.scope_id = any (scopes) and w.word = t.word and w.stemmer = t.stemmer offset 0) p
          -- A single word may have more.
          limit posting_limit) r
        offset 0) x -- calculated before they are sorted, which has less to move
      group by x.posting_id
    ), best as materialized (
      select p.posting_id, p.score from posted p
      where (sources is null or p.posting_id in (
              select m.posting_id from public.chunks c join private.posted_passages m on m.chunk_id = c.id
              where c.source_id = any (sources)))
        and (excluded is null or not p.posting_id in (
              select m.posting_id from public.chunks c join private.posted_passages m on m.chunk_id = c.id
              where c.source_id = any (excluded)))
      order by p.score desc, p.posting_id limit most
    )
    select array(select b.posting_id from best b), array(select b.score from best b)
    into posting_ids, scores;

    -- A long document may have filled the rows with passages of its own, or passages that have changed since. What was
    -- found otherwise does not count: it may be worse than what was not read.
    foreach row_limit in array array[2 * match_count, most] loop
      with located as materialized (
        select c.source_id, c.id, b.score,
               row_number() over (partition by c.source_id order by b.score desc, c.id) as rank
        from unnest(posting_ids[:row_limit], scores[:row_limit]) b (posting_id, score)
        join private.posted_passages m using (posting_id)
        join public.chunks c on c.id = m.chunk_id
        where (sources is null or c.source_id in (select unnest(sources)))
          and (excluded is null or not c.source_id in (select unnest(excluded)))
      ), matches as (
        (select l.id as chunk_id, case when not is_bounded then l.score end as score
         from located l where l.rank <= 2 order by l.score desc limit 2 * match_count)
        union all
        -- Without a score: it is calculated from the passage. To look up a hundred among all that were read takes longer.
        select d.chunk_id, null from unnest(direct || also) d (chunk_id)
        union all
        select a.chunk_id, a.score
        from private.article_matches(query, scopes, sources) a where 'products' = any (kinds)
      ), read as materialized (
        select c.source_id, c.id, c.stemmer, c.token_count, c.search_vector, m.score
        from (select m.chunk_id, max(m.score) as score from matches m group by m.chunk_id) m
        join public.chunks c on c.id = m.chunk_id
        where (sources is null or c.source_id in (select unnest(sources)))
          and (excluded is null or not c.source_id in (select unnest(excluded)))
      ), calculated as materialized (
        -- The words of all passages at once: passage by passage takes five times as long.
        select r.id, sum(t.weight * v.times / (
                 v.times + 0.3::double precision + 0.9 / t.average_length * least(r.token_count, 2047))) as score
        from read r
        cross join lateral (
          select w.lexeme, least(coalesce(cardinality(w.positions), 1), 31)::double precision as times
          from unnest(r.search_vector) w) v
        join unnest(terms) t on t.word = v.lexeme and t.stemmer = r.stemmer
        where r.score is null
        group by r.id
      ), scored as (
        select l.source_id, l.id, coalesce(l.score, k.score) as score
        from read l left join calculated k on k.id = l.id)
      select array_agg((s.source_id, s.id, least(s.score, 1))::private.chunk_match),
             (select count(*) from located l where l.rank = 1)
      into found, sources_read
      from scored s where s.score is not null;
      exit when sources_read >= match_count or cardinality(posting_ids) < row_limit;
    end loop;
    exit when sources_read >= match_count / 10 or cardinality(posting_ids) < most;
    most := 8 * most;
  end loop;
  return (
    array(
      select (b.source_id, b.chunk_id, b.score)::private.chunk_match
      from (
        select distinct on (f.source_id) f.* from unnest(found) f order by f.source_id, f.score desc, f.chunk_id) b
      union
      select (f.source_id, f.chunk_id, f.score)::private.chunk_match from unnest(found) f where f.chunk_id = any (also)),
    cardinality(posting_ids) < most and not is_bounded);
end $$;
