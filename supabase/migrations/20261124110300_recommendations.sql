-- Purpose: one function that recommends products, for every door: personal, similar, popular in a category, popular.
-- Undo: drop the functions and types below.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

-- Settings ------------------------------------------------------------------------------------------------------

create function private.co_purchase_weight() returns double precision
language sql stable security invoker set search_path = ''
as $$ select coalesce(nullif(current_setting('tidegate.co_purchase_weight', true), '')::double precision, 0.8) $$;
comment on function private.co_purchase_weight() is
  'What buying together counts in a recommendation; likeness to the person''s taste counts the rest. 0.8, measured by '
  'tests/bench/recommendations.py, unless the database says otherwise: alter database … set tidegate.co_purchase_weight = 0.5.';

create function private.just_bought_interval() returns interval
language sql immutable security invoker parallel safe set search_path = ''
as $$ select interval '30 days' $$;
comment on function private.just_bought_interval() is 'For how long nobody is offered again what they bought.';

-- Parts ---------------------------------------------------------------------------------------------------------

create type private.seed as (product_id uuid, weight double precision, is_bought boolean);
comment on type private.seed is 'A product that recommendations start from, how much it counts, and whether the person bought it.';
create type private.pick as (product_id uuid, score double precision, reason text, because_of uuid, source text);
comment on type private.pick is 'A product to recommend, how well it fits, why, because of which product, and by which rung of the ladder.';

create function private.just_bought() returns uuid[]
language sql stable security invoker set search_path = ''
as $$
  select coalesce(array_agg(distinct i.product_id), '{}') from public.interactions i
  where i.user_id = (select auth.uid()) and i.kind = 'purchase' and i.created_at > now() - private.just_bought_interval()
$$;
comment on function private.just_bought() is 'What the caller bought lately.';

create function private.recent_seeds() returns private.seed[]
language sql stable security invoker set search_path = ''
as $$
  select coalesce(array_agg((r.product_id, r.weight * power(0.9, r.place - 1), r.is_bought)::private.seed order by r.place), '{}')
  from (
    select l.product_id, bool_or(l.kind = 'purchase') as is_bought,
           max(case l.kind when 'purchase' then 1.0 when 'cart' then 0.6 else 0.3 end)::double precision as weight,
           row_number() over (order by max(l.created_at) desc, l.product_id) as place
    from (
      select i.product_id, i.kind, i.created_at from public.interactions i
      where i.user_id = (select auth.uid()) order by i.created_at desc limit 200) l
    group by l.product_id order by place limit 20) r
$$;
comment on function private.recent_seeds() is
  'The caller''s last 20 products of the last 200 interactions, the latest first: what was bought counts 1, put into the cart 0.6, looked at '
  '0.3, and each a tenth less than the one after it.';

create function private.taste(seeds private.seed[]) returns extensions.halfvec
language plpgsql stable security invoker set search_path = ''
as $$
declare
  model constant record := private.active_embedding_model();
  direction extensions.vector;
begin
  -- In single precision: a small number of half precision, made smaller, is an error.
  select extensions.sum(e.embedding::extensions.vector operator(extensions.*)
           pg_catalog.array_fill((s.weight / e.passages)::real, array[model.dimensions])::extensions.vector)
  into direction
  from unnest(seeds) s
  join lateral (
    select c.embedding, count(*) over () as passages
    from public.chunk_embeddings c where c.source_id = s.product_id and c.model_id = model.id) e on true;
  return case when extensions.vector_norm(direction) > 0
    then extensions.l2_normalize(direction)::extensions.halfvec end;
end $$;
comment on function private.taste(private.seed[]) is
  'The weighted mean of these products'' vectors, of unit length; null where none has a vector.';

create function private.neighbours(
  seeds private.seed[], excluded uuid[], of_category uuid, row_limit integer, source text)
returns private.pick[]
language plpgsql stable security invoker set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  model constant smallint := (private.active_embedding_model()).id;
  taste constant extensions.halfvec := private.taste(seeds);
  co_weight constant double precision := private.co_purchase_weight();
  near private.chunk_match[] := '{}';
  picks private.pick[];
begin
  if taste is not null then
    near := array(select m from private.semantic_matches(
      taste, '{products}', null, null, cardinality(seeds) + 2 * row_limit) m order by (m).score desc
      limit cardinality(seeds) + 4 * row_limit);
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
comment on function private.neighbours(private.seed[], uuid[], uuid, integer, text) is
  'Products that go with the seeds, best first, none of the seeds among them: what the same people bought, and what is like '
  'the mean of the seeds, weighed together, each between the best and the worst of the candidates. All can be had: active, in '
  'stock, not excluded.';

create function private.popular(
  excluded uuid[], of_category uuid, row_limit integer, source text)
returns private.pick[]
language plpgsql stable security invoker set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  shop constant uuid := '00000000-0000-0000-0000-000000000001';
begin
  if of_category is null then
    return array(
      select (y.product_id, private.popularity_now(y.score), source, null, source)::private.pick
      from public.product_popularity y join public.products p on p.id = y.product_id
      where y.scope_id = shop and p.is_active and p.is_in_stock and y.product_id <> all (excluded)
      order by y.score desc, y.product_id limit row_limit);
  end if;
  return array(
    select (y.product_id, private.popularity_now(y.score), source, null, source)::private.pick
    from public.product_popularity y join public.products p on p.id = y.product_id
    where y.scope_id = shop and y.category_id = of_category and p.is_active and p.is_in_stock
      and y.product_id <> all (excluded)
    order by y.score desc, y.product_id limit row_limit);
end $$;
comment on function private.popular(uuid[], uuid, integer, text) is
  'The most popular products, of one category where it is given, that can be had and are not excluded.';
grant execute on function
  private.co_purchase_weight(), private.just_bought_interval(),
  private.just_bought(), private.recent_seeds(), private.taste(private.seed[]),
  private.neighbours(private.seed[], uuid[], uuid, integer, text), private.popular(uuid[], uuid, integer, text)
  to anon, authenticated, service_role;

-- The function --------------------------------------------------------------------------------------------------

create function public.recommend(
  like_product uuid default null, category text default null, max_results integer default 10, mode text default null)
returns table (
  source text, product_id uuid, name text, price numeric, currency text, category_slug text, score double precision, because jsonb)
language plpgsql stable security invoker rows 10 set search_path = ''
as $$
#variable_conflict use_column
declare
  rung text := coalesce(mode, case when like_product is not null then 'similar' when category is not null then 'popular_in_category'
                                   else 'personal' end);
  excluded uuid[] := '{}';
  seeds private.seed[] := '{}';
  asked_category uuid;
  of_category uuid;
  picks private.pick[] := '{}';
begin
  if rung not in ('personal', 'similar', 'popular_in_category', 'popular') then
    raise exception 'mode % is none of personal, similar, popular_in_category, popular', mode
      using errcode = 'invalid_parameter_value';
  end if;
  if max_results not between 1 and 50 or max_results is null then
    raise exception 'max_results % is not between 1 and 50', max_results using errcode = 'invalid_parameter_value';
  end if;
  select c.id into asked_category from public.categories c where c.slug = recommend.category;
  if auth.uid() is not null then
    excluded := private.just_bought();
  end if;
  if like_product is not null then
    excluded := excluded || like_product;
    seeds := array(select (p.id, 1, false)::private.seed from public.products p where p.id = like_product);
  elsif auth.uid() is not null and rung <> 'popular' and asked_category is null then
    seeds := private.recent_seeds();
    if rung = 'similar' then
      seeds := seeds[1:1];
    end if;
  end if;
  of_category := coalesce(asked_category, (
    select p.category_id from public.products p where p.id = (seeds[1]).product_id));

  -- Each rung fills what the ones above it left empty.
  if rung in ('personal', 'similar') and cardinality(seeds) > 0 then
    picks := private.neighbours(seeds, excluded, asked_category, max_results, rung);
  end if;
  if rung <> 'popular' and of_category is not null and cardinality(picks) < max_results then
    picks := picks || private.popular(
      excluded || array(select k.product_id from unnest(picks) k), of_category, max_results - cardinality(picks),
      'popular_in_category');
  end if;
  -- Who asks for a category is shown others only when it has nothing.
  if cardinality(picks) < max_results and (asked_category is null or cardinality(picks) = 0) then
    picks := picks || private.popular(
      excluded || array(select k.product_id from unnest(picks) k), null, max_results - cardinality(picks), 'popular');
  end if;

  return query
    select (picks[1]).source, p.id, p.name, p.price, p.currency, c.slug, k.score,
           jsonb_build_object('kind', k.reason, 'product_id', b.id, 'name', b.name)
    from unnest(picks) with ordinality k (product_id, score, reason, because_of, source, place)
    join public.products p on p.id = k.product_id
    join public.categories c on c.id = p.category_id
    left join public.products b on b.id = k.because_of
    order by k.place;
end $$;
comment on function public.recommend(uuid, text, integer, text) is
  'Products for the caller, best first, each with why: for their taste (personal), like a product (similar), popular in a '
  'category, or popular. Never what is out of stock, inactive, or was bought by the caller in the last 30 days. mode begins '
  'lower on this ladder than the other arguments would; a rung that has nothing to say leaves its place to the next, and '
  'source names the one that the list begins with. Runs as the caller. score compares within one kind of reason.';
grant execute on function public.recommend(uuid, text, integer, text) to anon, authenticated, service_role;

create function private.recommend_as(claims text, like_product uuid, category text, max_results integer, mode text)
returns table (
  source text, product_id uuid, name text, price numeric, currency text, category_slug text, score double precision, because jsonb)
language plpgsql volatile security invoker rows 10 set search_path = ''
as $$
#variable_conflict use_column
begin
  perform private.become(claims);
  return query select * from public.recommend(recommend_as.like_product, recommend_as.category, max_results, mode);
end $$;
comment on function private.recommend_as(text, uuid, text, integer, text) is
  'public.recommend as the caller of these verified claims, in one round trip. In autocommit only: the role lasts until the '
  'transaction ends.';
grant execute on function private.recommend_as(text, uuid, text, integer, text) to tidegate_gateway;
