-- Purpose: which products the same people buy, counted as they buy, and the worker's step that counts.
-- Undo: drop the trigger forget_pairs on public.products; drop table private.paired_purchases,
-- private.product_pairs, private.product_buyers; drop the functions below.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create function private.co_purchase_memory() returns integer
language sql immutable security invoker parallel safe set search_path = ''
as $$ select 20 $$;
comment on function private.co_purchase_memory() is
  'Products of a person that a new purchase is paired with, the latest ones: so many at most, whoever buys however much.';

create function private.fewest_people() returns integer
language sql immutable security invoker parallel safe set search_path = ''
as $$ select 3 $$;
comment on function private.fewest_people() is
  'People who must have bought both of two products before anybody is shown so: what one or two bought is not told.';

create table private.product_buyers (
  product_id uuid primary key,
  people integer not null
);
alter table private.product_buyers enable row level security;
alter table private.product_buyers force row level security;
create policy "functions alone use it" on private.product_buyers for all to anon, authenticated using (false);
comment on table private.product_buyers is
  'How many people bought each product. No foreign key: the check would lock products that are being sold.';
comment on column private.product_buyers.product_id is 'The product.';
comment on column private.product_buyers.people is 'How many people bought it, each counted once.';

create table private.product_pairs (
  product_id uuid not null,
  other_id uuid not null,
  people integer not null,
  primary key (product_id, other_id)
);
create index product_pairs_people_idx on private.product_pairs (product_id, people desc) include (other_id);
alter table private.product_pairs enable row level security;
alter table private.product_pairs force row level security;
create policy "functions alone use it" on private.product_pairs for all to anon, authenticated using (false);
comment on table private.product_pairs is
  'How many people bought both of two products, in one order or one after the other. Each pair stands in both directions. No '
  'foreign keys, as in product_buyers.';
comment on column private.product_pairs.product_id is 'A product.';
comment on column private.product_pairs.other_id is 'Another one.';
comment on column private.product_pairs.people is 'How many people bought both, each counted once.';

create table private.paired_purchases (
  user_id uuid references auth.users (id) on delete cascade,
  product_id uuid,
  mates uuid[] not null,
  primary key (user_id, product_id)
);
alter table private.paired_purchases enable row level security;
alter table private.paired_purchases force row level security;
create policy "functions alone use it" on private.paired_purchases for all to anon, authenticated using (false);
comment on table private.paired_purchases is
  'Which pairs each person is counted for: once each, and taken back as they were counted, however often somebody buys and '
  'cancels.';
comment on column private.paired_purchases.user_id is 'The person.';
comment on column private.paired_purchases.product_id is 'The lesser of two products.';
comment on column private.paired_purchases.mates is 'The greater ones.';

create function private.forget_pairs() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  delete from private.product_pairs p using old_rows o, private.product_pairs q
  where q.product_id = o.id and p.product_id = q.other_id and p.other_id = o.id;
  delete from private.product_pairs p using old_rows o where p.product_id = o.id;
  delete from private.product_buyers b using old_rows o where b.product_id = o.id;
  return null;
end $$;
comment on function private.forget_pairs() is
  'Statement trigger on products that are deleted, in place of foreign keys. Definer: staff has no right to the counts.';
create trigger forget_pairs after delete on public.products
  referencing old table as old_rows for each statement execute function private.forget_pairs();

create function private.counted_purchases(of_user uuid) returns table (product_id uuid, latest bigint)
language sql stable security invoker rows 20 set search_path = ''
as $$
  select i.product_id, max(i.id)
  from public.interactions i
  where i.user_id = of_user and i.kind = 'purchase'
    and not exists (select from private.interactions_to_fold q where q.interaction_id = i.id)
  group by i.product_id
$$;
comment on function private.counted_purchases(uuid) is 'Products that somebody bought, as far as that is counted.';

create function private.pairs_to_count(user_ids uuid[], product_ids uuid[])
returns table (user_id uuid, one uuid, two uuid)
language sql stable security invoker rows 1000 set search_path = ''
as $$
  -- Of two that are new, one would be found from both sides.
  select distinct c.user_id, least(c.product_id, m.product_id), greatest(c.product_id, m.product_id)
  from unnest(user_ids, product_ids) c (user_id, product_id)
  cross join lateral (
    select b.product_id from private.counted_purchases(c.user_id) b
    where b.product_id <> c.product_id
    order by b.latest desc limit private.co_purchase_memory()) m
  where not exists (
    select from private.paired_purchases p
    where p.user_id = c.user_id and p.product_id = least(c.product_id, m.product_id)
      and greatest(c.product_id, m.product_id) = any (p.mates))
$$;
comment on function private.pairs_to_count(uuid[], uuid[]) is
  'Pairs of what somebody bought for the first time with the latest else that they have, as far as that person is not in '
  'their counts. The lesser of two products first.';

create function private.add_pairs(user_ids uuid[], product_ids uuid[]) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  insert into private.product_buyers as b (product_id, people)
  select u.product_id, count(*)::integer from unnest(product_ids) u (product_id) group by u.product_id
  on conflict (product_id) do update set people = b.people + excluded.people;
  with news as materialized (
    select n.* from private.pairs_to_count(user_ids, product_ids) n
  ), noted as (
    insert into private.paired_purchases as p (user_id, product_id, mates)
    select n.user_id, n.one, array_agg(n.two) from news n group by n.user_id, n.one
    on conflict (user_id, product_id) do update set mates = p.mates || excluded.mates)
  insert into private.product_pairs as p (product_id, other_id, people)
  select s.product_id, s.other_id, count(*)::integer
  from (select n.one as product_id, n.two as other_id from news n union all select n.two, n.one from news n) s
  group by s.product_id, s.other_id
  on conflict (product_id, other_id) do update set people = p.people + excluded.people;
end $$;
comment on function private.add_pairs(uuid[], uuid[]) is
  'Counts people with products that they have bought for the first time, and each with what else they have. Definer: as '
  'fold_interactions, which calls it.';

create function private.take_back_pairs(user_ids uuid[], product_ids uuid[]) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  update private.product_buyers b set people = b.people - u.people
  from (select l.product_id, count(*)::integer as people from unnest(product_ids) l (product_id) group by l.product_id) u
  where b.product_id = u.product_id;
  delete from private.product_buyers b where b.product_id = any (product_ids) and b.people <= 0;
  -- Those that were counted, and no others: whoever buys and cancels leaves the counts as they were.
  with lost as (
    select l.user_id, l.product_id from unnest(user_ids, product_ids) l (user_id, product_id)
  ), gone as materialized (
    select distinct p.user_id, p.product_id as one, m.id as two
    from lost l
    join private.paired_purchases p on p.user_id = l.user_id
    cross join unnest(p.mates) m (id)
    where l.product_id in (p.product_id, m.id)
  ), sums as (
    select s.product_id, s.other_id, count(*)::integer as people
    from (select g.one as product_id, g.two as other_id from gone g union all select g.two, g.one from gone g) s
    group by s.product_id, s.other_id
  ), kept as (
    update private.paired_purchases p
    set mates = array(
      select m from unnest(p.mates) m
      where not exists (select from gone g where g.user_id = p.user_id and g.one = p.product_id and g.two = m))
    where (p.user_id, p.product_id) in (select g.user_id, g.one from gone g))
  update private.product_pairs p set people = p.people - s.people
  from sums s where p.product_id = s.product_id and p.other_id = s.other_id;
  delete from private.paired_purchases p where p.user_id = any (user_ids) and p.mates = '{}';
  delete from private.product_pairs p using private.product_pairs q
  where q.product_id = any (product_ids) and q.people <= 0 and p.product_id = q.other_id and p.other_id = q.product_id;
  delete from private.product_pairs p where p.product_id = any (product_ids) and p.people <= 0;
end $$;
comment on function private.take_back_pairs(uuid[], uuid[]) is
  'Takes people out of the counts of products that they have no more, and of the pairs that they were counted for. Definer: '
  'as fold_interactions.';

create function private.fold_interactions(max_rows integer) returns integer
language plpgsql volatile security definer set search_path = '' set lock_timeout = '500ms'
as $$
declare
  taken bigint[];
  users uuid[];
  products uuid[];
begin
  -- One at a time: two would wait for each other's scores. Whoever comes second has nothing to do.
  if not pg_try_advisory_xact_lock(20261124, 1) then
    return 0;
  end if;
  with gone as (
    delete from private.interactions_to_fold q
    where q.interaction_id in (
      select t.interaction_id from private.interactions_to_fold t order by t.interaction_id limit max_rows for update skip locked)
    returning q.interaction_id)
  select coalesce(array_agg(g.interaction_id), '{}') into taken from gone g;
  if cardinality(taken) = 0 then
    return 0;
  end if;
  perform private.fold_popularity(taken);
  -- Who had bought it before counts already.
  select array_agg(n.user_id), array_agg(n.product_id) into users, products
  from (
    select distinct i.user_id, i.product_id from public.interactions i
    where i.id = any (taken) and i.kind = 'purchase'
      and not exists (
        select from public.interactions e
        where e.user_id = i.user_id and e.product_id = i.product_id and e.kind = 'purchase' and not e.id = any (taken)
          and not exists (select from private.interactions_to_fold q where q.interaction_id = e.id))
      and not exists (
        select from private.purchases_to_take_back t where t.user_id = i.user_id and t.product_id = i.product_id)) n;
  if users is not null then
    perform private.add_pairs(users, products);
  end if;
  return cardinality(taken);
end $$;
comment on function private.fold_interactions(max_rows integer) is
  'Counts up to max_rows interactions: popularity, and pairs of products that the same person bought. Says how many were '
  'taken. Gives way after half a second to whoever holds a product''s row. Definer: the worker has no right to what people do.';
grant execute on function private.fold_interactions(integer) to tidegate_worker;

create function private.take_back_purchases(max_rows integer) returns integer
language plpgsql volatile security definer set search_path = '' set lock_timeout = '500ms'
as $$
declare
  users uuid[];
  products uuid[];
  times timestamptz[];
  last_users uuid[];
  last_products uuid[];
begin
  if not pg_try_advisory_xact_lock(20261124, 1) then
    return 0;
  end if;
  with gone as (
    delete from private.purchases_to_take_back b
    where b.id in (select t.id from private.purchases_to_take_back t order by t.id limit max_rows for update skip locked)
    returning b.user_id, b.product_id, b.created_at)
  select array_agg(g.user_id), array_agg(g.product_id), array_agg(g.created_at) into users, products, times from gone g;
  if users is null then
    return 0;
  end if;
  perform private.unfold_popularity(users, products, times);
  -- Who bought it in another order as well still has it.
  select array_agg(l.user_id), array_agg(l.product_id) into last_users, last_products
  from (
    select distinct u.user_id, u.product_id from unnest(users, products) u (user_id, product_id)
    where not exists (select from private.counted_purchases(u.user_id) b where b.product_id = u.product_id)
      and not exists (
        select from private.purchases_to_take_back t where t.user_id = u.user_id and t.product_id = u.product_id)) l;
  if last_users is not null then
    perform private.take_back_pairs(last_users, last_products);
  end if;
  return cardinality(users);
end $$;
comment on function private.take_back_purchases(max_rows integer) is
  'Takes up to max_rows cancelled purchases out of the counts, and says how many. Definer: as fold_interactions.';
grant execute on function private.take_back_purchases(integer) to tidegate_worker;

create function private.bought_together(of_products uuid[], row_limit integer)
returns table (product_id uuid, other_id uuid, similarity double precision)
language plpgsql stable security definer rows 200 set search_path = ''
as $$
begin
  return query
    select s.id, t.other_id, t.people / sqrt((a.people + 10.0) * (b.people + 10.0))::double precision
    from unnest(of_products) s (id)
    join private.product_buyers a on a.product_id = s.id
    cross join lateral (
      select p.other_id, p.people from private.product_pairs p
      where p.product_id = s.id and p.people >= private.fewest_people()
      order by p.people desc limit row_limit) t
    join private.product_buyers b on b.product_id = t.other_id;
end $$;
comment on function private.bought_together(uuid[], integer) is
  'For each of the products up to row_limit others that the same people bought. Similarity is the cosine of their buyers, so '
  'that best-sellers do not go with everything; ten imaginary buyers on both sides keep a few real ones from proving much. '
  'Definer: counts over all people, of which nobody is shown fewer than private.fewest_people().';
grant execute on function private.bought_together(uuid[], integer), private.fewest_people() to anon, authenticated, service_role;
