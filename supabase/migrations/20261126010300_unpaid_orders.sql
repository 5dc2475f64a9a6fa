-- Purpose: an order that nobody pays for does not hold its goods for ever.
-- Undo: drop function private.expire_orders(integer), private.unpaid_order_days().
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create function private.unpaid_order_days() returns double precision
language sql stable security invoker set search_path = ''
as $$ select coalesce(nullif(current_setting('tidegate.unpaid_order_days', true), '')::double precision, 7) $$;
comment on function private.unpaid_order_days() is
  'Days that an order may wait to be paid, 0 for ever: seven, unless the database says otherwise: '
  'alter database … set tidegate.unpaid_order_days = 30.';

create function private.expire_orders(max_orders integer) returns integer
language plpgsql volatile security definer set search_path = ''
as $$
declare
  days constant double precision := private.unpaid_order_days();
  expired uuid[];
begin
  if days = 0 then
    return 0;
  end if;
  -- Who is paying, cancelling or closing the account at this moment goes first.
  select array_agg(l.id) into expired
  from (
    select o.id from public.orders o
    where o.status = 'pending' and o.withdrawn_at is null and o.created_at < now() - days * interval '1 day'
    order by o.created_at limit max_orders for no key update skip locked) l;
  if expired is not null then
    perform private.withdraw_pending(expired, 'Not paid in time.');
  end if;
  return coalesce(cardinality(expired), 0);
end $$;
comment on function private.expire_orders(integer) is
  'Cancels up to max_orders orders that have waited too long to be paid, so that their goods are on sale again, and says of '
  'how many. Where the provider may have charged, what it says decides. Definer: the worker has no rights on orders.';
grant execute on function private.expire_orders(integer) to tidegate_worker;
