-- Which products the same people buy.
--
-- For each pair of products: how many people bought both, in one order or at different times; for each product: how
-- many people bought it. A new purchase is paired with the buyer's 20 latest others, so that the work per purchase is
-- bounded. private.paired_purchases knows the pairs that each person was counted for, so that reverting a purchase
-- subtracts what was added. Nobody sees a pair of fewer than private.min_support() people.
--
-- The worker calls roll_up_interactions and revert_purchases, one at a time under an advisory lock. Counting gives way
-- to whoever holds a product's row.

create table private.product_buyers (
  product_id uuid primary key,
  people integer not null
);
alter table private.product_buyers enable row level security, force row level security;

comment on table private.product_buyers is
  'How many people bought each product. No foreign key, whose check would lock products that are being sold.';
comment on column private.product_buyers.product_id is 'The product.';
comment on column private.product_buyers.people is 'People who bought it.';

create policy "functions alone use it" on private.product_buyers for all to anon, authenticated using (false);

create table private.product_pairs (
  product_id uuid not null,
  other_id uuid not null,
  people integer not null,
  primary key (product_id, other_id)
);
create index product_pairs_people_idx on private.product_pairs (product_id, people desc) include (other_id);
alter table private.product_pairs enable row level security, force row level security;

comment on table private.product_pairs is
  'How many people bought both of two products. In both directions. No foreign keys, as in product_buyers.';
comment on column private.product_pairs.product_id is 'A product.';
comment on column private.product_pairs.other_id is 'Another product.';
comment on column private.product_pairs.people is 'People who bought both.';

create policy "functions alone use it" on private.product_pairs for all to anon, authenticated using (false);

create table private.paired_purchases (
  user_id uuid references auth.users (id) on delete cascade,
  product_id uuid,
  partner_ids uuid[] not null,
  primary key (user_id, product_id)
);
alter table private.paired_purchases enable row level security, force row level security;

comment on table private.paired_purchases is 'The pairs that each person is counted for.';
comment on column private.paired_purchases.user_id is 'The person.';
comment on column private.paired_purchases.product_id is 'The lesser product of the pairs.';
comment on column private.paired_purchases.partner_ids is 'The greater ones.';

create policy "functions alone use it" on private.paired_purchases for all to anon, authenticated using (false);

create function private.co_purchase_memory() returns integer
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select 20 $$;
comment on function private.co_purchase_memory is 'How many latest products of a person a new purchase is paired with.';

create function private.min_support() returns integer
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select 3 $$;
comment on function private.min_support is
  'People who must have bought both products of a pair before it is shown, so that it tells nothing of one or two.';
grant execute on function private.min_support to anon, authenticated, service_role;

create function private.purge_pairs() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  delete from private.product_pairs p using old_rows o, private.product_pairs q
  where q.product_id = o.id and p.product_id = q.other_id and p.other_id = o.id;
  delete from private.product_pairs p using old_rows o where p.product_id = o.id;
  delete from private.product_buyers b using old_rows o where b.product_id = o.id;
  return null;
end $$;
comment on function private.purge_pairs is
  'Statement trigger on deleted products, in place of foreign keys. Definer: writes the counts.';

create trigger purge_pairs after delete on public.products
  referencing old table as old_rows for each statement execute function private.purge_pairs();

create function private.counted_purchases(of_user uuid) returns table (product_id uuid, latest bigint)
language sql stable security invoker rows 20 set search_path = pg_catalog, pg_temp
as $$
  select i.product_id, max(i.id)
  from public.interactions i
  where i.user_id = of_user and i.kind = 'purchase'
    and not exists (select from private.interactions_to_roll_up q where q.interaction_id = i.id)
  group by i.product_id
$$;
comment on function private.counted_purchases is 'Products that somebody bought, as far as that is counted.';

create function private.pairs_to_count(user_ids uuid[], product_ids uuid[])
returns table (user_id uuid, one uuid, two uuid)
language sql stable security invoker rows 1000 set search_path = pg_catalog, pg_temp
as $$
  -- Distinct: a pair of two new products is found from both sides.
  select distinct c.user_id, least(c.product_id, m.product_id), greatest(c.product_id, m.product_id)
  from unnest(user_ids, product_ids) c (user_id, product_id)
  cross join lateral (
    select b.product_id from private.counted_purchases(c.user_id) b
    where b.product_id <> c.product_id
    order by b.latest desc limit private.co_purchase_memory()) m
  where not exists (
    select from private.paired_purchases p
    where p.user_id = c.user_id and p.product_id = least(c.product_id, m.product_id)
      and greatest(c.product_id, m.product_id) = any (p.partner_ids))
$$;
comment on function private.pairs_to_count is
  'Pairs of newly bought products with the latest others of the same person, without those that the person is counted '
  'for. The lesser product first.';

create function private.add_pairs(user_ids uuid[], product_ids uuid[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into private.product_buyers as b (product_id, people)
  select u.product_id, count(*)::integer from unnest(product_ids) u (product_id) group by u.product_id
  on conflict (product_id) do update set people = b.people + excluded.people;
  with news as materialized (
    select n.* from private.pairs_to_count(user_ids, product_ids) n
  ), noted as (
    insert into private.paired_purchases as p (user_id, product_id, partner_ids)
    select n.user_id, n.one, array_agg(n.two) from news n group by n.user_id, n.one
    on conflict (user_id, product_id) do update set partner_ids = p.partner_ids || excluded.partner_ids)
  insert into private.product_pairs as p (product_id, other_id, people)
  select s.product_id, s.other_id, count(*)::integer
  from (select n.one as product_id, n.two as other_id from news n union all select n.two, n.one from news n) s
  group by s.product_id, s.other_id
  on conflict (product_id, other_id) do update set people = p.people + excluded.people;
end $$;
comment on function private.add_pairs is
  'Counts people with products that they bought for the first time, and with the pairs that these make. Definer: '
  'called by roll_up_interactions.';

create function private.revert_pairs(user_ids uuid[], product_ids uuid[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update private.product_buyers b set people = b.people - u.people
  from (
    select l.product_id, count(*)::integer as people from unnest(product_ids) l (product_id) group by l.product_id) u
  where b.product_id = u.product_id;
  delete from private.product_buyers b where b.product_id = any (product_ids) and b.people <= 0;
  -- The pairs that were counted, and no others, so that buying and cancelling leaves the counts as they were.
  with lost as (
    select l.user_id, l.product_id from unnest(user_ids, product_ids) l (user_id, product_id)
  ), gone as materialized (
    select distinct p.user_id, p.product_id as one, m.id as two
    from lost l
    join private.paired_purchases p on p.user_id = l.user_id
    cross join unnest(p.partner_ids) m (id)
    where l.product_id in (p.product_id, m.id)
  ), sums as (
    select s.product_id, s.other_id, count(*)::integer as people
    from (select g.one as product_id, g.two as other_id from gone g union all select g.two, g.one from gone g) s
    group by s.product_id, s.other_id
  ), kept as (
    update private.paired_purchases p
    set partner_ids = array(
      select m from unnest(p.partner_ids) m
      where not exists (select from gone g where g.user_id = p.user_id and g.one = p.product_id and g.two = m))
    where (p.user_id, p.product_id) in (select g.user_id, g.one from gone g))
  update private.product_pairs p set people = p.people - s.people
  from sums s where p.product_id = s.product_id and p.other_id = s.other_id;
  delete from private.paired_purchases p where p.user_id = any (user_ids) and p.partner_ids = '{}';
  delete from private.product_pairs p using private.product_pairs q
  where q.product_id = any (product_ids) and q.people <= 0 and p.product_id = q.other_id and p.other_id = q.product_id;
  delete from private.product_pairs p where p.product_id = any (product_ids) and p.people <= 0;
end $$;
comment on function private.revert_pairs is
  'Subtracts people from the products that they no longer have, and from the pairs they were counted for. Definer: as '
  'add_pairs.';

create function private.revert_counts(users uuid[], products uuid[], times timestamptz[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  last_users uuid[];
  last_products uuid[];
begin
  perform private.revert_popularity(users, products, times);
  -- Whoever bought a product in another order as well still has it.
  select array_agg(l.user_id), array_agg(l.product_id) into last_users, last_products
  from (
    select distinct u.user_id, u.product_id from unnest(users, products) u (user_id, product_id)
    where not exists (select from private.counted_purchases(u.user_id) b where b.product_id = u.product_id)
      and not exists (
        select from private.purchases_to_revert t where t.user_id = u.user_id and t.product_id = u.product_id)) l;
  if last_users is not null then
    perform private.revert_pairs(last_users, last_products);
  end if;
end $$;
comment on function private.revert_counts is
  'Reverts purchases in popularity and pairs, after the caller has deleted their rows in purchases_to_revert. Definer: '
  'called under the lock.';

create function private.revert_purchases_of(person uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  products uuid[];
  times timestamptz[];
begin
  if not exists (select from private.purchases_to_revert b where b.user_id = person) then
    return;
  end if;
  perform pg_advisory_xact_lock(20261124, 1);
  with gone as (
    delete from private.purchases_to_revert b where b.user_id = person returning b.product_id, b.created_at)
  select array_agg(g.product_id), array_agg(g.created_at) into products, times from gone g;
  if products is not null then
    perform private.revert_counts(array_fill(person, array[cardinality(products)]), products, times);
  end if;
end $$;
comment on function private.revert_purchases_of is
  'Reverts a person''s withdrawn purchases at once, since their pairs are deleted with the account. Definer: as '
  'roll_up_interactions.';

create function private.take_purchases(max_rows integer) returns bigint[]
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  waiting constant bigint[] := array(
    select t.interaction_id from private.interactions_to_roll_up t
    order by t.interaction_id limit max_rows for update skip locked);
  kept constant uuid[] := array(
    select u.id from auth.users u
    where u.id in (select i.user_id from public.interactions i where i.id = any (waiting)) and u.deleted_at is null
    order by u.id for key share skip locked);
  taken bigint[];
begin
  with gone as (
    delete from private.interactions_to_roll_up q
    where q.interaction_id = any (waiting)
      and not exists (
        select from public.interactions i join auth.users u on u.id = i.user_id
        where i.id = q.interaction_id and u.deleted_at is null and u.id <> all (kept))
    returning q.interaction_id)
  select coalesce(array_agg(g.interaction_id), '{}') into taken from gone g;
  return taken;
end $$;
comment on function private.take_purchases is
  'Takes up to max_rows purchases from those to be counted, and keeps the accounts of their buyers from being deleted '
  'before the transaction ends. It waits for nobody: the purchases of an account that is being closed are left to the '
  'next time, when they are gone with it. What is taken of accounts that are closed counts for nothing. Definer: as '
  'roll_up_interactions, which calls it.';

create function private.roll_up_interactions(max_rows integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '500ms'
as $$
declare
  taken bigint[];
  counting bigint[];
  users uuid[];
  products uuid[];
begin
  -- One at a time: two would wait for each other's scores.
  if not pg_try_advisory_xact_lock(20261124, 1) then
    return 0;
  end if;
  taken := private.take_purchases(max_rows);
  counting := array(
    select i.id from public.interactions i join auth.users u on u.id = i.user_id
    where i.id = any (taken) and u.deleted_at is null);
  if cardinality(counting) = 0 then
    return cardinality(taken);
  end if;
  perform private.roll_up_popularity(counting);
  -- Whoever had bought a product before is counted already.
  select array_agg(n.user_id), array_agg(n.product_id) into users, products
  from (
    select distinct i.user_id, i.product_id from public.interactions i
    where i.id = any (counting) and i.kind = 'purchase'
      and not exists (
        select from public.interactions e
        where e.user_id = i.user_id and e.product_id = i.product_id and e.kind = 'purchase'
          and not e.id = any (counting)
          and not exists (select from private.interactions_to_roll_up q where q.interaction_id = e.id))
      and not exists (
        select from private.purchases_to_revert t where t.user_id = i.user_id and t.product_id = i.product_id)) n;
  if users is not null then
    perform private.add_pairs(users, products);
  end if;
  return cardinality(taken);
end $$;
comment on function private.roll_up_interactions is
  'Counts up to max_rows purchases in popularity and pairs, and returns how many. Gives way after half a second to '
  'whoever holds a product''s row. Definer: the worker has no rights on interactions.';
grant execute on function private.roll_up_interactions to tidegate_worker;

create function private.revert_purchases(max_rows integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '500ms'
as $$
declare
  users uuid[];
  products uuid[];
  times timestamptz[];
begin
  if not pg_try_advisory_xact_lock(20261124, 1) then
    return 0;
  end if;
  with gone as (
    delete from private.purchases_to_revert b
    where b.id in (select t.id from private.purchases_to_revert t order by t.id limit max_rows for update skip locked)
    returning b.user_id, b.product_id, b.created_at)
  select array_agg(g.user_id), array_agg(g.product_id), array_agg(g.created_at) into users, products, times from gone g;
  if users is null then
    return 0;
  end if;
  perform private.revert_counts(users, products, times);
  return cardinality(users);
end $$;
comment on function private.revert_purchases is
  'Reverts up to max_rows withdrawn purchases, and returns how many. Definer: as roll_up_interactions.';
grant execute on function private.revert_purchases to tidegate_worker;
