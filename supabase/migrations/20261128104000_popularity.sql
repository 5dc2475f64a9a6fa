-- How popular each product is.
--
-- A purchase counts half as much every seven days. Instead of decaying every score, scores are kept as binary
-- logarithms of sums weighted by 2^(days since 2026 / 7): a new purchase weighs more than an old one, scores never
-- change by themselves, and an index orders them. Each person counts once per product and day;
-- private.counted_interactions knows who was counted, by a hash, so that a withdrawn purchase can be reverted exactly.

create table public.product_popularity (
  product_id uuid primary key,
  scope_id uuid not null,
  category_id uuid not null,
  score double precision not null,
  foreign key (product_id, scope_id, category_id) references public.products (id, scope_id, category_id)
    on update cascade on delete cascade
);
create index product_popularity_product_id_idx on public.product_popularity (product_id, scope_id, category_id);
create index product_popularity_scope_id_idx on public.product_popularity (scope_id, score desc, product_id);
create index product_popularity_category_id_idx
  on public.product_popularity (category_id, scope_id, score desc, product_id);
alter table public.product_popularity enable row level security, force row level security;

comment on table public.product_popularity is
  'How popular each product is, by what people paid for. Written by the worker''s functions.';
comment on column public.product_popularity.product_id is 'The product.';
comment on column public.product_popularity.scope_id is 'Scope of the product.';
comment on column public.product_popularity.category_id is 'Category of the product.';
comment on column public.product_popularity.score is
  'Binary logarithm of the weighted purchases. Only differences mean anything: 1 is twice as popular.';

grant select (product_id, scope_id, category_id, score) on public.product_popularity to anon, authenticated;
grant select, insert, update, delete on public.product_popularity to service_role;

create policy "visitors read the popularity of active products" on public.product_popularity
  for select to anon using (scope_id = '00000000-0000-0000-0000-000000000001');
create policy "people read the popularity of active products, staff of all" on public.product_popularity
  for select to authenticated
  using (scope_id = '00000000-0000-0000-0000-000000000001' or (select private.is_staff()));
select private.refuse_closed_accounts('public.product_popularity');

create table private.counted_interactions (
  key uuid primary key,
  kind public.interaction_kind not null,
  day date not null,
  times integer not null,
  counted_at timestamptz not null default now()
);
create index counted_interactions_counted_at_idx on private.counted_interactions (counted_at);
alter table private.counted_interactions enable row level security, force row level security;

comment on table private.counted_interactions is
  'Which purchases popularity contains: one row per person, product and day, kept for as long as it may be reverted.';
comment on column private.counted_interactions.key is 'Hash of person, product, kind and day.';
comment on column private.counted_interactions.kind is 'Always purchase.';
comment on column private.counted_interactions.day is 'The day (UTC).';
comment on column private.counted_interactions.times is
  'Orders of that day that stand; when none is left, the purchase is reverted.';
comment on column private.counted_interactions.counted_at is 'When it was last counted.';

create policy "functions alone use it" on private.counted_interactions for all to anon, authenticated using (false);

create function private.popularity_half_life() returns double precision
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select 7.0::double precision $$;
comment on function private.popularity_half_life is
  'Days in which a purchase comes to count half as much. After a change: select private.rebuild_popularity().';

create function private.power_of_two(exponent double precision) returns double precision
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select case when exponent < -1000 then 0 else power(2::double precision, exponent) end $$;
comment on function private.power_of_two is '2^exponent, or 0 where the result would underflow.';

create function private.popularity_exponent(at timestamptz) returns double precision
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select ((at at time zone 'utc')::date - date '2026-01-01') / private.popularity_half_life() $$;
comment on function private.popularity_exponent is
  'Half-lives from the start of 2026 to a day (UTC). All of a day counts the same.';

create function private.raised_score(score double precision, amount double precision, exponent double precision)
returns double precision
language sql immutable strict security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select m.top + ln(greatest(
    private.power_of_two(score - m.top) + amount * private.power_of_two(exponent - m.top), 1e-30))
    / ln(2::double precision)
  from (select greatest(score, exponent) as top) m
$$;
comment on function private.raised_score is 'A score after adding amount * 2^exponent; amount may be negative.';

create function private.popularity_now(score double precision) returns double precision
language sql stable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select private.power_of_two(score - private.popularity_exponent(now())) $$;
comment on function private.popularity_now is
  'A score as people count: 10 for each purchase of today that would make the same popularity.';

create function private.purchase_weight() returns double precision
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select 10.0::double precision $$;
comment on function private.purchase_weight is
  'What a purchase counts; a new product starts with 1. After a change: select private.rebuild_popularity().';

create function private.rate_new_products() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into public.product_popularity (product_id, scope_id, category_id, score)
  select n.id, n.scope_id, n.category_id, private.popularity_exponent(n.created_at) from new_rows n;
  return null;
end $$;
comment on function private.rate_new_products is
  'Statement trigger on products: a new product starts with a tenth of a purchase, so that a shop without sales shows '
  'its newest. Definer: writes popularity.';

create trigger rate_new_products after insert on public.products
  referencing new table as new_rows for each statement execute function private.rate_new_products();

create function private.interaction_key(user_id uuid, product_id uuid, kind public.interaction_kind, at timestamptz)
returns uuid
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select md5(uuid_send(user_id) || uuid_send(product_id)
    || int8send(case kind when 'view' then 0 when 'cart' then 1 else 2 end
                + 3 * ((at at time zone 'utc')::date - date '2026-01-01')))::uuid
$$;
comment on function private.interaction_key is
  'Key of a purchase in counted_interactions: hash of person, product, kind and day.';

create function private.roll_up_popularity(interaction_ids bigint[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  with done as (
    select private.interaction_key(i.user_id, i.product_id, 'purchase', i.created_at) as key,
           i.product_id, min(i.created_at) as at, count(*)::integer as times
    from public.interactions i where i.id = any (interaction_ids) and i.kind = 'purchase'
    group by 1, 2
  ), counted as (
    insert into private.counted_interactions as c (key, kind, day, times)
    select d.key, 'purchase', (d.at at time zone 'utc')::date, d.times from done d
    on conflict (key) do update set times = c.times + excluded.times, counted_at = now()
    returning c.key, c.times
  ), news as (
    select d.product_id, private.popularity_exponent(d.at) as exponent
    from done d join counted c on c.key = d.key and c.times = d.times
  ), sums as (
    select n.product_id, sum(private.purchase_weight() * private.power_of_two(n.exponent - t.top)) as amount,
           min(t.top) as exponent
    from news n
    join (select m.product_id, max(m.exponent) as top from news m group by m.product_id) t using (product_id)
    group by n.product_id)
  update public.product_popularity p
  set score = private.raised_score(p.score, s.amount, s.exponent)
  from sums s where p.product_id = s.product_id;
end $$;
comment on function private.roll_up_popularity is 'Counts these purchases. Definer: called by roll_up_interactions.';

create function private.revert_popularity(user_ids uuid[], product_ids uuid[], times timestamptz[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  with undone as (
    select private.interaction_key(u.user_id, u.product_id, 'purchase', u.at) as key, u.product_id, min(u.at) as at,
           count(*)::integer as times
    from unnest(user_ids, product_ids, revert_popularity.times) u (user_id, product_id, at)
    group by 1, 2
  ), left_over as (
    update private.counted_interactions c set times = c.times - u.times from undone u where c.key = u.key
    returning c.key, c.times
  ), sums as (
    select u.product_id, -sum(private.purchase_weight() * private.power_of_two(
             private.popularity_exponent(u.at) - t.top)) as amount, min(t.top) as exponent
    from undone u join left_over l on l.key = u.key and l.times = 0
    join (select v.product_id, max(private.popularity_exponent(v.at)) as top from undone v group by v.product_id) t
      on t.product_id = u.product_id
    group by u.product_id)
  update public.product_popularity p
  set score = private.raised_score(p.score, s.amount, s.exponent)
  from sums s where p.product_id = s.product_id;
  delete from private.counted_interactions c
  where c.times = 0 and c.key in (
    select private.interaction_key(u.user_id, u.product_id, 'purchase', u.at)
    from unnest(user_ids, product_ids, revert_popularity.times) u (user_id, product_id, at));
end $$;
comment on function private.revert_popularity is
  'Reverts purchases, unless another one of the same day stands. Definer: called by revert_counts.';

create function private.purge_counted_interactions() returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  forgotten integer;
begin
  delete from private.counted_interactions c
  where c.key in (
    select o.key from private.counted_interactions o
    where o.counted_at < now() - interval '90 days'
      -- When the worker is behind, the same purchase may still be queued.
      and o.day < coalesce((
        select (min(i.created_at) at time zone 'utc')::date - 1
        from public.interactions i
        where i.id = (select min(q.interaction_id) from private.interactions_to_roll_up q)),
        (now() at time zone 'utc')::date - 1)
    order by o.counted_at limit 5000);
  get diagnostics forgotten = row_count;
  delete from private.interaction_rates r
  where r.began_at < now() - interval '1 hour'
    and r.user_id in (
      select o.user_id from private.interaction_rates o where o.began_at < now() - interval '1 hour' limit 5000);
  return forgotten;
end $$;
comment on function private.purge_counted_interactions is
  'Deletes records of purchases older than 90 days, which count next to nothing, and rates of past minutes; returns '
  'how many purchases. Definer: as roll_up_interactions.';
grant execute on function private.purge_counted_interactions to tidegate_worker;

create function private.rebuild_popularity() returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  half_life constant double precision := private.popularity_half_life();
begin
  -- Keeps the worker from counting. Purchases that are not counted yet stay so; those to be reverted are included.
  perform pg_advisory_xact_lock(20261124, 1);
  update public.product_popularity p
  set score = s.score
  from (
    with once as (
      select i.product_id, i.user_id, (i.created_at at time zone 'utc')::date as day
      from public.interactions i
      where i.kind = 'purchase'
        and not exists (select from private.interactions_to_roll_up q where q.interaction_id = i.id)
      union
      select b.product_id, b.user_id, (b.created_at at time zone 'utc')::date from private.purchases_to_revert b
    ), of_day as (
      select o.product_id, (o.day - date '2026-01-01') / half_life as exponent, count(*) as people
      from once o group by o.product_id, o.day
    ), topped as (
      select d.*, max(d.exponent) over (partition by d.product_id) as top from of_day d
    ), sums as (
      select t.product_id, t.top,
             private.purchase_weight() * sum(t.people * private.power_of_two(t.exponent - t.top)) as amount
      from topped t
      group by t.product_id, t.top)
    select b.id, coalesce(
             private.raised_score(private.popularity_exponent(b.created_at), d.amount, d.top),
             private.popularity_exponent(b.created_at)) as score
    from public.products b left join sums d on d.product_id = b.id) s
  where p.product_id = s.id;
end $$;
comment on function private.rebuild_popularity is
  'Computes every score again from the purchases, after a change of the weight or the half-life. Run by the owner of '
  'the tables.';

grant execute on function
  private.popularity_half_life, private.power_of_two, private.popularity_exponent, private.popularity_now
  to anon, authenticated, service_role;
