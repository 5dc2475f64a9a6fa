-- Purpose: named limits on what one caller may have or do, in one table that an operator reads and changes.
-- Undo: drop function private.enforce_limit(text, bigint, text); drop function private.limit_of(text);
--   drop table private.limits.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table private.limits (
  name text primary key check (name ~ '^[a-z]+(_[a-z]+)*$'),
  allowed bigint not null check (allowed >= 0),
  what text not null check (what ~ '\S')
);
alter table private.limits enable row level security;
alter table private.limits force row level security;
create policy "functions alone use it" on private.limits for all to anon, authenticated using (false);

comment on table private.limits is
  'Limits on what one caller may have or do. From the next statement on: update private.limits set allowed = … where name = ….';
comment on column private.limits.name is 'Name of the limit; errors give it in their details.';
comment on column private.limits.allowed is 'The most that is allowed.';
comment on column private.limits.what is 'What is counted, as the error names it: "open orders of one person".';

create function private.limit_of(name text) returns bigint
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  allowed bigint;
begin
  select l.allowed into allowed from private.limits l where l.name = limit_of.name;
  if not found then
    raise exception 'private.limits has no row %', name using errcode = 'undefined_object';
  end if;
  return allowed;
end $$;
comment on function private.limit_of(text) is
  'The most that the limit of this name allows. A limit that is missing is an error, never unlimited. Definer: reads the table.';

create function private.enforce_limit(name text, actual bigint, status text default 'PT403') returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  allowed constant bigint := private.limit_of(name);
begin
  if actual > allowed then
    raise exception 'At most % % are allowed; this would be %.',
      allowed, (select l.what from private.limits l where l.name = enforce_limit.name), actual
      using errcode = status,
            detail = jsonb_build_object('limit', name, 'allowed', allowed, 'actual', actual)::text,
            hint = format('Operators change it by update private.limits set allowed = … where name = %L.', name);
  end if;
end $$;
comment on function private.enforce_limit(text, bigint, text) is
  'Raises PT403 (or the given PTxyz: 429 for rates, 413 for sizes) when the count is over the limit of this name. Definer: reads the table.';

grant execute on function private.limit_of(text), private.enforce_limit(text, bigint, text)
  to anon, authenticated, service_role, tidegate_gateway, tidegate_worker;
