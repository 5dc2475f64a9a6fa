-- Purpose: an order that nobody pays for holds its goods for minutes, and its buyer sees until when.
-- Undo: alter table private.settings add column unpaid_order_days; create expire_orders(integer) and
--   shown(public.orders, jsonb) again as they were; drop the functions below; drop column unpaid_order_minutes.
-- squawk-ignore-file ban-drop-column
set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table private.settings
  add column unpaid_order_minutes double precision check (unpaid_order_minutes between 0 and 52560000);
update private.settings set unpaid_order_minutes = unpaid_order_days * 1440;
alter table private.settings drop column unpaid_order_days;
comment on column private.settings.unpaid_order_minutes is
  'Minutes that an unpaid order holds its goods: 30 by default, 0 for ever. Then it is cancelled, unless the payment provider '
  'has been asked to charge it: that is left to the provider.';

-- In PL/pgSQL, which keeps its plans: each order asks.
create function private.unpaid_order_interval() returns interval
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return nullif(coalesce((select s.unpaid_order_minutes from private.settings s), 30), 0) * interval '1 minute';
end $$;
comment on function private.unpaid_order_interval() is
  'How long an unpaid order holds its goods; null for ever. Definer: reads the settings.';
grant execute on function private.unpaid_order_interval() to authenticated, service_role;

create function public.expires_at(public.orders) returns timestamptz
language plpgsql stable security invoker set search_path = ''
as $$
begin
  return case when $1.status = 'pending' and $1.withdrawn_at is null
    then $1.created_at + private.unpaid_order_interval() end;
end $$;
comment on function public.expires_at(public.orders) is
  'When an order that is still unpaid is cancelled; null for one that is not pending, was withdrawn, or may wait for ever. '
  'Computed column: select=*,expires_at.';
grant execute on function public.expires_at(public.orders) to authenticated, service_role;

create or replace function private.shown(known public.orders, items jsonb) returns jsonb
language plpgsql stable security invoker set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'id', known.id, 'status', known.status, 'currency', known.currency, 'total', known.total, 'reason', known.reason,
    'withdrawn_at', known.withdrawn_at, 'created_at', known.created_at, 'expires_at', public.expires_at(known),
    'items', items);
end $$;

create or replace function private.expire_orders(max_orders integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '100ms'
as $$
declare
  placed_before constant timestamptz := now() - private.unpaid_order_interval();
  looked_at integer;
  due uuid[];
  free uuid[];
  ready uuid[];
begin
  -- Whoever pays, cancels, sells or counts at this moment goes first: nothing here waits for a lock. An order that is locked,
  -- or of which any goods are, is left to the next time; where that keeps back the oldest, more are looked at.
  foreach looked_at in array array[max_orders, 10 * max_orders] loop
    due := array(
      select o.id from public.orders o join private.payment_jobs j on j.order_id = o.id and j.kind = 'charge'
      where o.status = 'pending' and o.withdrawn_at is null and o.created_at < placed_before
        and j.done_at is null and not j.is_sent
      order by o.created_at limit looked_at for no key update of o, j skip locked);
    free := array(
      select p.id from public.products p
      where p.id in (select i.product_id from public.order_items i where i.order_id = any (due))
      order by p.id for no key update skip locked);
    ready := array(
      select d.id from unnest(due) with ordinality d (id, place)
      where not exists (select from public.order_items i where i.order_id = d.id and i.product_id <> all (free))
      order by d.place limit max_orders);
    exit when ready <> '{}' or cardinality(due) < looked_at;
  end loop;
  if ready <> '{}' then
    perform private.withdraw_pending(ready, 'Not paid in time.');
  end if;
  return cardinality(ready);
end $$;
comment on function private.expire_orders(integer) is
  'Cancels up to max_orders orders that have waited too long to be paid, oldest first, so that their goods are on sale again, '
  'and says of how many. Definer: the worker has no rights on orders.';
