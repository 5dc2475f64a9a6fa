-- Purpose: recommendations by likeness read what search by meaning returns now; a definer that writes a table of Storage
--   runs nothing that others have hung on it; nobody empties tables of Storage or hangs triggers on them.
-- Undo: create or replace private.neighbours and private.forget_uploader as they were; grant all on storage.objects,
--   storage.buckets to anon, authenticated.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create or replace function private.neighbours(
  seeds private.seed[], excluded uuid[], of_category uuid, row_limit integer, source text)
returns private.pick[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan
as $$
declare
  model constant smallint := (private.active_embedding_model()).id;
  taste constant extensions.halfvec := private.taste(seeds);
  co_weight constant double precision := private.co_purchase_weight();
  near private.chunk_match[] := '{}';
  picks private.pick[];
begin
  if taste is not null then
    near := array(
      select m from unnest((private.semantic_matches(
        taste, '{products}', null, null, cardinality(seeds) + 2 * row_limit)).matches) m
      order by m.score desc limit cardinality(seeds) + 4 * row_limit);
  end if;
  picks := array(
    with seed as materialized (
      select s.product_id, s.weight, s.is_bought from unnest(seeds) s
    ), together as materialized (
      select b.other_id, sum(b.similarity * s.weight) as worth,
             (array_agg(b.product_id order by b.similarity * s.weight desc, b.product_id))[1] as because_of
      from private.bought_together(array(select s.product_id from seed s), 5 * row_limit) b
      join seed s on s.product_id = b.product_id
      where not b.other_id in (select s.product_id from seed s)
      group by b.other_id order by worth desc limit 10 * row_limit
    -- Materialized, so that what follows compares columns: an expression is kept from an index behind a policy.
    ), found as materialized (
      select coalesce(t.other_id, n.source_id) as id, coalesce(t.worth, 0) as worth, t.because_of, n.score as cosine
      from together t full join (select u.source_id, u.score from unnest(near) u) n on n.source_id = t.other_id
    ), buyable as materialized (
      select f.*, p.category_id, coalesce(f.cosine, (
               select max(1 - (e.embedding operator(extensions.<=>) taste))
               from public.chunk_embeddings e where e.source_id = f.id and e.model_id = model), 0) as likeness,
             (select y.score from public.product_popularity y where y.product_id = f.id) as popularity
      from found f join public.products p on p.id = f.id
      where p.is_active and p.is_in_stock and f.id <> all (excluded)
        and not f.id in (select s.product_id from seed s)
        and (of_category is null or p.category_id = of_category)
    ), scored as (
      select b.id, b.because_of, co_weight * coalesce(b.worth / nullif(max(b.worth) over (), 0), 0) as by_people,
             -- Of what is about as like, what is wanted is likelier to be wanted: a quarter as popular counts half.
             (1 - co_weight) * coalesce(
               (b.likeness - min(b.likeness) over ()) / nullif(max(b.likeness) over () - min(b.likeness) over (), 0)
               * (0.2 + 0.8 * power(2::double precision, greatest((b.popularity - max(b.popularity) over ()) / 2, -50))),
               0) as by_likeness
      from buyable b
    ), best as materialized (
      select s.*, s.by_people + s.by_likeness as score from scored s
      order by score desc, s.id limit row_limit)
    select (b.id, b.score,
            case when b.by_people > b.by_likeness then 'bought_together'
                 when k.is_bought or source = 'similar' then 'similar' else 'viewed' end,
            k.product_id, source)::private.pick
    from best b
    cross join lateral (
      select s.product_id, s.is_bought from seed s
      where b.by_people <= b.by_likeness or s.product_id = b.because_of
      order by (
        select min(e.embedding operator(extensions.<=>) f.embedding)
        from public.chunk_embeddings e join public.chunk_embeddings f on f.model_id = model and f.source_id = b.id
        where e.source_id = s.product_id and e.model_id = model) nulls last, s.weight desc, s.product_id
      limit 1) k
    order by b.score desc, b.id);
  return picks;
end $$;

create or replace function private.forget_uploader(person uuid) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  -- No trigger can be added while this is held.
  lock table storage.objects in row exclusive mode;
  if exists (
    select from pg_trigger t join pg_proc p on p.oid = t.tgfoid
    where t.tgrelid = 'storage.objects'::regclass and not t.tgisinternal
      and (t.tgqual is not null or p.pronamespace <> 'storage'::regnamespace)
  ) then
    raise warning 'storage.objects has triggers that are not Storage''s: files keep the id of who put them there';
    return;
  end if;
  update storage.objects o set owner = null, owner_id = null where o.owner = person or o.owner_id = person::text;
end $$;
comment on function private.forget_uploader(uuid) is
  'Files no longer say that this person put them there. It runs in definers, and where a role of the API holds the privilege '
  'TRIGGER on Storage''s tables, anybody with a leaked login could have an expression of theirs run with it.';

-- Where Storage's own role has granted this, as in hosted projects, it stays, and PostgreSQL warns.
revoke all on storage.objects, storage.buckets from anon, authenticated;
grant select, insert, update, delete on storage.objects, storage.buckets to anon, authenticated;
