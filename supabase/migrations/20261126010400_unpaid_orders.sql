-- Purpose: an order that nobody pays for does not hold its goods for ever.
-- Undo: drop function private.expire_orders(integer); alter table private.settings drop column unpaid_order_days.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table private.settings add column unpaid_order_days double precision check (unpaid_order_days between 0 and 36500);
comment on column private.settings.unpaid_order_days is
  'Days that an order may wait to be paid: 7 by default, 0 for ever. What the provider was asked to charge is left to it.';

create function private.expire_orders(max_orders integer) returns integer
language plpgsql volatile security definer set search_path = '' set lock_timeout = '100ms'
as $$
declare
  days constant double precision := coalesce((select s.unpaid_order_days from private.settings s), 7);
  expired uuid;
  wanted bigint;
  locked bigint;
  done integer := 0;
begin
  if days = 0 then
    return 0;
  end if;
  -- Whoever pays, cancels, sells or counts at this moment goes first: what is locked is left to the next time, and keeps no
  -- other order. Goods are locked without waiting, as buyers wait for them in another order.
  for expired in
    select o.id from public.orders o join private.payment_jobs j on j.order_id = o.id and j.kind = 'charge'
    where o.status = 'pending' and o.withdrawn_at is null and o.created_at < now() - days * interval '1 day'
      and j.done_at is null and not j.is_sent
    order by o.created_at limit max_orders for no key update of o, j skip locked
  loop
    select count(*) into wanted from public.products p
    where p.id in (select i.product_id from public.order_items i where i.order_id = expired);
    select count(*) into locked from (
      select p.id from public.products p
      where p.id in (select i.product_id from public.order_items i where i.order_id = expired)
      order by p.id for no key update skip locked) l;
    if locked = wanted then
      begin
        perform private.withdraw_pending(array[expired], 'Not paid in time.');
        done := done + 1;
      exception when lock_not_available then
        raise log 'order % was not paid in time and is in use; it is left to the next time', expired;
      end;
    end if;
  end loop;
  return done;
end $$;
comment on function private.expire_orders(integer) is
  'Cancels up to max_orders orders that have waited too long to be paid, so that their goods are on sale again, and says of '
  'how many. Definer: the worker has no rights on orders.';
grant execute on function private.expire_orders(integer) to tidegate_worker;
