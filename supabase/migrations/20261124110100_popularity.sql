-- Purpose: how popular each product is: it fades with time, nobody can inflate it alone, and no sale waits for it.
-- Undo: drop table public.product_popularity, private.counted_interactions; drop the trigger rate_new_products on
-- public.products and its constraint products_id_scope_id_category_id_key; drop the functions below.
-- The catalogue is small when this is applied; the table is locked for as long as an index of it takes.
-- squawk-ignore-file disallowed-unique-constraint, constraint-missing-not-valid
set local lock_timeout = '10s';
set local statement_timeout = '10min';

-- Settings ------------------------------------------------------------------------------------------------------

create function private.popularity_half_life() returns double precision
language sql immutable security invoker parallel safe set search_path = ''
as $$ select 7.0::double precision $$;
comment on function private.popularity_half_life() is
  'Days in which what somebody did comes to count half as much. After a change: select private.rebuild_popularity().';

create function private.interaction_weight(kind public.interaction_kind) returns double precision
language sql immutable security invoker parallel safe set search_path = ''
as $$ select case kind when 'purchase' then 10.0 when 'cart' then 3.0 else 1.0 end::double precision $$;
comment on function private.interaction_weight(public.interaction_kind) is
  'What an interaction counts: a look 1, a cart 3, a purchase 10. After a change: select private.rebuild_popularity().';

-- Scores --------------------------------------------------------------------------------------------------------

-- A thing done t days after the beginning of 2026 counts weight * 2^(t / half-life) for ever: later things count more, and
-- what is there need never be made smaller. Sums of such numbers outgrow every type, so the score is their logarithm.

create function private.power_of_two(exponent double precision) returns double precision
language sql immutable security invoker parallel safe set search_path = ''
as $$ select case when exponent < -1000 then 0 else power(2::double precision, exponent) end $$;
comment on function private.power_of_two(double precision) is '2^exponent, 0 where that is too small to be told from it.';

create function private.popularity_exponent(at timestamptz) returns double precision
language sql immutable security invoker parallel safe set search_path = ''
as $$ select ((at at time zone 'utc')::date - date '2026-01-01') / private.popularity_half_life() $$;
comment on function private.popularity_exponent(timestamptz) is
  'Half-lives from the beginning of 2026 to that day (UTC). All of a day counts the same, so that the order within it does not.';

create function private.raised_score(score double precision, amount double precision, exponent double precision)
returns double precision
language sql immutable strict security invoker parallel safe set search_path = ''
as $$
  select m.top + ln(greatest(
    private.power_of_two(score - m.top) + amount * private.power_of_two(exponent - m.top), 1e-30)) / ln(2::double precision)
  from (select greatest(score, exponent) as top) m
$$;
comment on function private.raised_score(double precision, double precision, double precision) is
  'The score after amount * 2^exponent more, or less when the amount is negative.';

create function private.popularity_now(score double precision) returns double precision
language sql stable security invoker parallel safe set search_path = ''
as $$ select private.power_of_two(score - private.popularity_exponent(now())) $$;
comment on function private.popularity_now(double precision) is
  'A score as people would count it: looks of today that would make the same popularity.';
grant execute on function
  private.popularity_half_life(), private.interaction_weight(public.interaction_kind), private.power_of_two(double precision),
  private.popularity_exponent(timestamptz), private.popularity_now(double precision)
  to anon, authenticated, service_role;

-- The table -----------------------------------------------------------------------------------------------------

-- The audience and the shelf are carried from the product by the foreign key, so that they cannot drift apart.
alter table public.products add constraint products_id_scope_id_category_id_key unique (id, scope_id, category_id);

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
create index product_popularity_category_id_idx on public.product_popularity (category_id, scope_id, score desc, product_id);
alter table public.product_popularity enable row level security;
alter table public.product_popularity force row level security;
comment on table public.product_popularity is
  'How popular each product is. Written by the worker alone, from what people did; read as the product.';
comment on column public.product_popularity.product_id is 'The product.';
comment on column public.product_popularity.scope_id is 'Audience of the product, carried along by the foreign key''s cascade.';
comment on column public.product_popularity.category_id is 'Its shelf, carried along likewise.';
comment on column public.product_popularity.score is
  'Binary logarithm of what people did, each thing counted twice as much as the same one half-life earlier. Only the order '
  'and differences mean anything: 1 more is twice as popular, and a product that nobody meets any more falls by being passed.';

grant select on public.product_popularity to anon, authenticated;
grant select, insert, update, delete on public.product_popularity to service_role;
create policy "visitors read the popularity of active products" on public.product_popularity
  for select to anon using (scope_id = '00000000-0000-0000-0000-000000000001');
create policy "people read the popularity of active products, staff of all" on public.product_popularity
  for select to authenticated
  using (scope_id = '00000000-0000-0000-0000-000000000001' or (select private.is_staff()));

create function private.rate_new_products() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  insert into public.product_popularity (product_id, scope_id, category_id, score)
  select n.id, n.scope_id, n.category_id, private.popularity_exponent(n.created_at) from new_rows n;
  return null;
end $$;
comment on function private.rate_new_products() is
  'Statement trigger on products: a new one begins as if one person had looked at it, so that a shop without a past shows its '
  'newest. Definer: nobody else writes popularity.';

-- Nobody writes between the look at what is there and the trigger.
lock table public.products in share row exclusive mode;
create trigger rate_new_products after insert on public.products
  referencing new table as new_rows for each statement execute function private.rate_new_products();
insert into public.product_popularity (product_id, scope_id, category_id, score)
select p.id, p.scope_id, p.category_id, private.popularity_exponent(p.created_at) from public.products p;

-- Each person counts once per product, kind and day -------------------------------------------------------------

create table private.counted_interactions (
  key uuid primary key,
  kind public.interaction_kind not null,
  day date not null,
  times integer not null,
  counted_at timestamptz not null default now()
);
create index counted_interactions_counted_at_idx on private.counted_interactions (counted_at);
alter table private.counted_interactions enable row level security;
alter table private.counted_interactions force row level security;
create policy "functions alone use it" on private.counted_interactions for all to anon, authenticated using (false);
comment on table private.counted_interactions is
  'What is in the popularity already: one row for each person, product, kind and day, known by a hash. Kept for as long as the '
  'same may come again.';
comment on column private.counted_interactions.key is 'Hash of person, product, kind and day.';
comment on column private.counted_interactions.kind is 'The kind.';
comment on column private.counted_interactions.day is 'The day (UTC).';
comment on column private.counted_interactions.times is
  'Of purchases: orders of that day that are not cancelled; the last one to go takes the count with it. Else 1.';
comment on column private.counted_interactions.counted_at is 'When it was counted.';

create function private.interaction_key(user_id uuid, product_id uuid, kind public.interaction_kind, at timestamptz)
returns uuid
language sql immutable security invoker parallel safe set search_path = ''
as $$
  select md5(uuid_send(user_id) || uuid_send(product_id)
    || int8send(case kind when 'view' then 0 when 'cart' then 1 else 2 end
                + 3 * ((at at time zone 'utc')::date - date '2026-01-01')))::uuid
$$;
comment on function private.interaction_key(uuid, uuid, public.interaction_kind, timestamptz) is
  'What counts once, however often it was done.';

create function private.fold_popularity(interaction_ids bigint[]) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  with done as (
    select private.interaction_key(i.user_id, i.product_id, i.kind, i.created_at) as key,
           i.product_id, i.kind, min(i.created_at) as at, count(*)::integer as times
    from public.interactions i where i.id = any (interaction_ids)
    group by 1, 2, 3
  ), counted as (
    insert into private.counted_interactions as c (key, kind, day, times)
    select d.key, d.kind, (d.at at time zone 'utc')::date, d.times from done d
    on conflict (key) do update set times = c.times + excluded.times, counted_at = now() where c.kind = 'purchase'
    returning c.key, c.times
  ), news as (
    select d.product_id, private.interaction_weight(d.kind) as weight, private.popularity_exponent(d.at) as exponent
    from done d join counted c on c.key = d.key and c.times = d.times
  ), sums as (
    select n.product_id, sum(n.weight * private.power_of_two(n.exponent - t.top)) as amount, min(t.top) as exponent
    from news n join (select m.product_id, max(m.exponent) as top from news m group by m.product_id) t using (product_id)
    group by n.product_id)
  update public.product_popularity p
  set score = private.raised_score(p.score, s.amount, s.exponent)
  from sums s where p.product_id = s.product_id;
end $$;
comment on function private.fold_popularity(bigint[]) is
  'Counts these interactions, those that count. Definer: as fold_interactions, which calls it.';

create function private.unfold_popularity(user_ids uuid[], product_ids uuid[], times timestamptz[]) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  with undone as (
    select private.interaction_key(u.user_id, u.product_id, 'purchase', u.at) as key, u.product_id, min(u.at) as at,
           count(*)::integer as times
    from unnest(user_ids, product_ids, unfold_popularity.times) u (user_id, product_id, at)
    group by 1, 2
  ), left_over as (
    update private.counted_interactions c set times = c.times - u.times from undone u where c.key = u.key
    returning c.key, c.times
  ), sums as (
    select u.product_id, -sum(private.interaction_weight('purchase') * private.power_of_two(
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
    from unnest(user_ids, product_ids, unfold_popularity.times) u (user_id, product_id, at));
end $$;
comment on function private.unfold_popularity(uuid[], uuid[], timestamptz[]) is
  'Takes purchases back, those of which none of the day is left. Definer: as fold_interactions.';

create function private.forget_counted() returns integer
language plpgsql volatile security definer set search_path = ''
as $$
declare
  forgotten integer;
begin
  delete from private.counted_interactions c
  where c.key in (
    select o.key from private.counted_interactions o
    where o.counted_at < now() - interval '2 days'
      and (o.kind <> 'purchase' or o.counted_at < now() - interval '90 days')
      -- Where the worker is behind, the same may still come.
      and o.day < coalesce((
        select (min(i.created_at) at time zone 'utc')::date - 1
        from public.interactions i
        where i.id = (select min(q.interaction_id) from private.interactions_to_fold q)), (now() at time zone 'utc')::date - 1)
    order by o.counted_at limit 5000);
  get diagnostics forgotten = row_count;
  return forgotten;
end $$;
comment on function private.forget_counted() is
  'Forgets what cannot come again: looks and carts of days that are over, and purchases that count next to nothing any more '
  'should they be cancelled. Says of how many. Definer: as fold_interactions.';
grant execute on function private.forget_counted() to tidegate_worker;

create function private.rebuild_popularity() returns void
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  half_life constant double precision := private.popularity_half_life();
begin
  -- The worker counts nothing meanwhile; what is not counted yet stays so.
  perform pg_advisory_xact_lock(20261124, 1);
  update public.product_popularity p
  set score = s.score
  from (
    with once as (
      select distinct i.product_id, i.user_id, i.kind, (i.created_at at time zone 'utc')::date as day
      from public.interactions i
      where not exists (select from private.interactions_to_fold q where q.interaction_id = i.id)
    ), of_day as (
      select o.product_id, o.kind, (o.day - date '2026-01-01') / half_life as exponent, count(*) as people
      from once o group by o.product_id, o.kind, o.day
    ), topped as (
      select d.*, max(d.exponent) over (partition by d.product_id) as top from of_day d
    ), sums as (
      select t.product_id, t.top, sum(t.people * w.weight * private.power_of_two(t.exponent - t.top)) as amount
      from topped t
      join (select k, private.interaction_weight(k) as weight from unnest(enum_range(null::public.interaction_kind)) k) w
        on w.k = t.kind
      group by t.product_id, t.top)
    select b.id, coalesce(
             private.raised_score(private.popularity_exponent(b.created_at), d.amount, d.top),
             private.popularity_exponent(b.created_at)) as score
    from public.products b left join sums d on d.product_id = b.id) s
  where p.product_id = s.id;
end $$;
comment on function private.rebuild_popularity() is
  'Computes every score anew from the interactions, as the owner of the tables: after a change of the weights or the half-life.';
