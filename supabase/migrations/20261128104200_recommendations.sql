-- Recommendations: public.recommend().
--
-- Starting from seeds (products that the caller bought, put into the cart or viewed lately, or one given product),
-- candidates are what the buyers of the seeds also bought, and what is like the weighted mean of the seeds' vectors.
-- Both are scaled and weighed together. When that leaves places empty, popular products of the category fill them, then
-- popular ones of the shop.
--
-- Recommendations run as the caller, so that the policies decide; only counts over many people are read as the owner.

create type private.seed as (product_id uuid, weight double precision, is_bought boolean);
comment on type private.seed is 'A product that recommendations start from, its weight, and whether it was bought.';

create type private.recommendation as (
  product_id uuid, score double precision, reason text, because_of uuid, source text);
comment on type private.recommendation is
  'A recommended product, its score, the reason, the product that is the reason, and the source in the chain.';

create function private.bought_together(of_products uuid[], row_limit integer)
returns table (product_id uuid, other_id uuid, similarity double precision)
language plpgsql stable security definer rows 200 set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select s.id, t.other_id, t.people / sqrt((a.people + 10.0) * (b.people + 10.0))::double precision
    from unnest(of_products) s (id)
    join private.product_buyers a on a.product_id = s.id
    cross join lateral (
      select p.other_id, p.people from private.product_pairs p
      where p.product_id = s.id and p.people >= private.min_support()
      order by p.people desc limit row_limit) t
    join private.product_buyers b on b.product_id = t.other_id;
end $$;
comment on function private.bought_together is
  'For each product up to row_limit others that the same people bought. Similarity is the cosine of their buyers, so '
  'that best-sellers do not go with everything, with ten imaginary buyers on both sides, so that a few real ones do '
  'not prove much. Definer: reads counts over all people, of which private.min_support() hides the small ones.';

create function private.co_purchase_weight() returns double precision
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    nullif(current_setting('tidegate.co_purchase_weight', true), '')::double precision,
    (select s.co_purchase_weight from private.settings s), 0.8)
$$;
comment on function private.co_purchase_weight is
  'Weight of buying together in a recommendation; likeness to the taste has the rest. 0.8, measured by '
  'tests/bench/recommendations.py, unless private.settings or, for one session, the parameter '
  'tidegate.co_purchase_weight says otherwise. Definer: reads the settings.';

create function private.just_bought_interval() returns interval
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select interval '30 days' $$;
comment on function private.just_bought_interval is 'How long a bought product is not recommended again.';

create function private.just_bought() returns uuid[]
language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(distinct b.product_id), '{}')
  from (
    select i.product_id from public.interactions i
    where i.user_id = (select auth.uid()) and i.kind = 'purchase'
      and i.created_at > now() - private.just_bought_interval()
    union all
    select l.product_id from public.orders o join public.order_items l on l.order_id = o.id
    where o.buyer_id = (select auth.uid()) and o.status = 'pending' and l.product_id is not null) b
$$;
comment on function private.just_bought is 'Products that the caller bought lately, or has ordered and not paid yet.';

create function private.recent_seeds() returns private.seed[]
language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(
    (r.product_id, r.weight * power(0.9, r.place - 1), r.is_bought)::private.seed order by r.place), '{}')
  from (
    select l.product_id, bool_or(l.kind = 'purchase') as is_bought,
           max(case l.kind when 'purchase' then 1.0 when 'cart' then 0.6 else 0.3 end)::double precision as weight,
           row_number() over (order by max(l.created_at) desc, l.product_id) as place
    from (
      select i.product_id, i.kind, i.created_at from public.interactions i
      where i.user_id = (select auth.uid()) order by i.created_at desc limit 200) l
    group by l.product_id order by place limit 20) r
$$;
comment on function private.recent_seeds is
  'The caller''s last 20 products in the last 200 interactions, latest first. Bought counts 1, in the cart 0.6, viewed '
  '0.3, and each a tenth less than the one before it.';

create function private.taste(seeds private.seed[]) returns extensions.halfvec
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  model constant record := private.active_embedding_model();
  direction extensions.vector;
begin
  -- In single precision, since half precision underflows.
  select extensions.sum(e.embedding::extensions.vector operator(extensions.*)
           pg_catalog.array_fill((s.weight / e.chunks)::real, array[model.dimensions])::extensions.vector)
  into direction
  from unnest(seeds) s
  join lateral (
    select c.embedding, count(*) over () as chunks
    from public.chunk_embeddings c where c.source_id = s.product_id and c.model_id = model.id) e on true;
  return case when extensions.vector_norm(direction) > 0
    then extensions.l2_normalize(direction)::extensions.halfvec end;
end $$;
comment on function private.taste is 'The weighted mean of the seeds'' vectors, of unit length, or null.';

create type private.candidate as (
  product_id uuid, similarity double precision, because_of uuid, cosine double precision);
comment on type private.candidate is
  'A product that may be recommended: how much the buyers of the seeds bought it, the seed that contributes most, and '
  'its likeness to the taste.';

create function private.neighbour_candidates(seeds private.seed[], taste extensions.halfvec, row_limit integer)
returns private.candidate[]
language plpgsql stable security invoker
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan
as $$
declare
  near private.chunk_match[] := '{}';
begin
  if taste is not null then
    near := array(
      select m from unnest((private.semantic_matches(
        taste, '{products}', null, null, cardinality(seeds) + 2 * row_limit)).matches) m
      order by m.score desc limit cardinality(seeds) + 4 * row_limit);
  end if;
  return array(
    with seed as materialized (
      select s.product_id, s.weight from unnest(seeds) s
    ), together as materialized (
      select b.other_id, sum(b.similarity * s.weight) as similarity,
             (array_agg(b.product_id order by b.similarity * s.weight desc, b.product_id))[1] as because_of
      from private.bought_together(array(select s.product_id from seed s), 5 * row_limit) b
      join seed s on s.product_id = b.product_id
      where not b.other_id in (select s.product_id from seed s)
      group by b.other_id order by similarity desc limit 10 * row_limit
    )
    select (coalesce(t.other_id, n.source_id), coalesce(t.similarity, 0), t.because_of, n.score)::private.candidate
    from together t full join (select u.source_id, u.score from unnest(near) u) n on n.source_id = t.other_id);
end $$;
comment on function private.neighbour_candidates is 'What the buyers of the seeds bought, and what is like the taste.';

create function private.neighbours(
  seeds private.seed[], excluded uuid[], of_category uuid, row_limit integer, source text)
returns private.recommendation[]
language plpgsql stable security invoker
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan
as $$
declare
  model constant smallint := (private.active_embedding_model()).id;
  taste constant extensions.halfvec := private.taste(seeds);
  candidates constant private.candidate[] := private.neighbour_candidates(seeds, taste, row_limit);
  co_weight constant double precision := private.co_purchase_weight();
begin
  return array(
    with buyable as materialized (
      select c.product_id as id, c.similarity, c.because_of, coalesce(c.cosine, (
               select max(1 - (e.embedding operator(extensions.<=>) taste))
               from public.chunk_embeddings e where e.source_id = c.product_id and e.model_id = model), 0) as likeness,
             (select y.score from public.product_popularity y where y.product_id = c.product_id) as popularity
      from unnest(candidates) c join public.products p on p.id = c.product_id
      where p.is_active and p.is_in_stock and c.product_id <> all (excluded)
        and not c.product_id in (select s.product_id from unnest(seeds) s)
        and (of_category is null or p.category_id = of_category)
    ), scored as (
      select b.id, b.because_of,
             co_weight * coalesce(b.similarity / nullif(max(b.similarity) over (), 0), 0) as by_people,
             -- Among products that are about equally like the taste, popular ones are likelier to be wanted: a quarter
             -- as popular counts half.
             (1 - co_weight) * coalesce(
               (b.likeness - min(b.likeness) over ()) / nullif(max(b.likeness) over () - min(b.likeness) over (), 0)
               * (0.2 + 0.8 * power(
                   2::double precision, greatest((b.popularity - max(b.popularity) over ()) / 2, -50))),
               0) as by_likeness
      from buyable b
    ), best as materialized (
      select s.*, s.by_people + s.by_likeness as score from scored s
      order by score desc, s.id limit row_limit)
    select (b.id, b.score,
            case when b.by_people > b.by_likeness then 'bought_together'
                 when k.is_bought or source = 'similar' then 'similar' else 'viewed' end,
            k.product_id, source)::private.recommendation
    from best b
    cross join lateral (
      select s.product_id, s.is_bought from unnest(seeds) s
      where b.by_people <= b.by_likeness or s.product_id = b.because_of
      order by (
        select min(e.embedding operator(extensions.<=>) f.embedding)
        from public.chunk_embeddings e
        join public.chunk_embeddings f on f.model_id = model and f.source_id = b.id
        where e.source_id = s.product_id and e.model_id = model) nulls last, s.weight desc, s.product_id
      limit 1) k
    order by b.score desc, b.id);
end $$;
comment on function private.neighbours is
  'Products that go with the seeds, best first, without the seeds: what the same people bought and what is like the '
  'taste, each scaled between the worst and the best candidate and weighed together. Only products that are active, in '
  'stock and not excluded.';

create function private.popular(
  excluded uuid[], of_category uuid, row_limit integer, source text)
returns private.recommendation[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan
as $$
declare
  shop constant uuid := '00000000-0000-0000-0000-000000000001';
begin
  if of_category is null then
    return array(
      select (y.product_id, private.popularity_now(y.score), source, null, source)::private.recommendation
      from public.product_popularity y join public.products p on p.id = y.product_id
      where y.scope_id = shop and p.is_active and p.is_in_stock and y.product_id <> all (excluded)
      order by y.score desc, y.product_id limit row_limit);
  end if;
  return array(
    select (y.product_id, private.popularity_now(y.score), source, null, source)::private.recommendation
    from public.product_popularity y join public.products p on p.id = y.product_id
    where y.scope_id = shop and y.category_id = of_category and p.is_active and p.is_in_stock
      and y.product_id <> all (excluded)
    order by y.score desc, y.product_id limit row_limit);
end $$;
comment on function private.popular is
  'The most popular products, of a category if given, that are active, in stock and not excluded.';

create function private.fill_recommendations(
  first_source text, seeds private.seed[], excluded uuid[], asked_category uuid, max_results integer)
returns private.recommendation[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  -- Without a category that was asked for, that of the first seed.
  of_category constant uuid := coalesce(asked_category, (
    select p.category_id from public.products p where p.id = (seeds[1]).product_id));
  picks private.recommendation[] := '{}';
begin
  -- Each source fills the places that the ones before it left empty.
  if first_source in ('personal', 'similar') and cardinality(seeds) > 0 then
    picks := private.neighbours(seeds, excluded, asked_category, max_results, first_source);
  end if;
  if first_source <> 'popular' and of_category is not null and cardinality(picks) < max_results then
    picks := picks || private.popular(
      excluded || array(select k.product_id from unnest(picks) k), of_category, max_results - cardinality(picks),
      'popular_in_category');
  end if;
  -- When a category was asked for, products of others are shown only if it has none.
  if cardinality(picks) < max_results and (asked_category is null or cardinality(picks) = 0) then
    picks := picks || private.popular(
      excluded || array(select k.product_id from unnest(picks) k), null, max_results - cardinality(picks), 'popular');
  end if;
  return picks;
end $$;
comment on function private.fill_recommendations is
  'The chain of sources: neighbours of the seeds, popular in the category, popular. Starts at first_source.';

create type public.recommendation as (
  product_id uuid, name text, price numeric, currency text, category_slug text, score double precision, because jsonb);
comment on type public.recommendation is
  'A product and why: because is {kind, product_id, name}. score compares only within one kind of reason.';

create type public.recommend_answer as (recommendations public.recommendation[], source text);
comment on type public.recommend_answer is
  'What public.recommend found, best first. source: the one that the list starts with; null where it is empty.';

create function public.recommend(
  like_product uuid default null, category text default null, max_results integer default 10, mode text default null)
returns public.recommend_answer
language plpgsql stable security invoker
set search_path = pg_catalog, pg_temp set max_parallel_workers_per_gather = 0
as $$
declare
  first_source constant text := coalesce(mode, case
    when like_product is not null then 'similar' when category is not null then 'popular_in_category'
    else 'personal' end);
  asked_category constant uuid := (select c.id from public.categories c where c.slug = recommend.category);
  excluded uuid[] := case when auth.uid() is null then '{}' else private.just_bought() end;
  seeds private.seed[] := '{}';
  picks private.recommendation[];
begin
  if first_source not in ('personal', 'similar', 'popular_in_category', 'popular') then
    raise exception 'mode % is none of personal, similar, popular_in_category, popular', mode
      using errcode = 'invalid_parameter_value';
  end if;
  if max_results not between 1 and 50 or max_results is null then
    raise exception 'max_results % is not between 1 and 50', max_results using errcode = 'invalid_parameter_value';
  end if;
  if like_product is not null then
    excluded := excluded || like_product;
    seeds := array(select (p.id, 1, false)::private.seed from public.products p where p.id = like_product);
  elsif auth.uid() is not null and first_source <> 'popular' and asked_category is null then
    seeds := private.recent_seeds();
    if first_source = 'similar' then
      seeds := seeds[1:1];
    end if;
  end if;
  picks := private.fill_recommendations(first_source, seeds, excluded, asked_category, max_results);
  return (
    array(
      select (p.id, p.name, p.price, p.currency, c.slug, k.score,
              jsonb_build_object('kind', k.reason, 'product_id', b.id, 'name', b.name))::public.recommendation
      from unnest(picks) with ordinality k (product_id, score, reason, because_of, source, place)
      join public.products p on p.id = k.product_id
      join public.categories c on c.id = p.category_id
      left join public.products b on b.id = k.because_of
      order by k.place),
    (picks[1]).source);
end $$;
comment on function public.recommend is
  'Products for the caller, best first, with the reason for each: for their taste (personal), like a product '
  '(similar), popular in a category, or popular. Never products that are out of stock, inactive, or that the caller '
  'bought in the last 30 days. mode names a later source in this chain to start with.';
grant execute on function public.recommend to anon, authenticated, service_role;

grant execute on function
  private.bought_together, private.co_purchase_weight, private.just_bought_interval, private.just_bought,
  private.recent_seeds, private.taste, private.neighbour_candidates, private.neighbours, private.popular,
  private.fill_recommendations
  to anon, authenticated, service_role;
