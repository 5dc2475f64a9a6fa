-- Purpose: ids that people read tell when a row was made and nothing else: they no longer count the rows of others.
-- Undo: alter column id of public.chunks, public.interactions and private.shards drop default, add generated always as
--   identity (restart with max(id) + 1); drop function private.new_row_id(), private.row_id_tables(bigint),
--   private.shuffled(integer, bytea), private.new_shard_id(); drop sequence private.row_numbers; drop table private.secrets.
-- Rows that are there keep their ids: a passage gets another with the next change of its text.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table private.secrets (
  name text primary key check (name ~ '^[a-z]+(_[a-z]+)*$'),
  value bytea not null check (octet_length(value) >= 32)
);
alter table private.secrets enable row level security;
alter table private.secrets force row level security;
create policy "functions alone use it" on private.secrets for all to anon, authenticated using (false);
comment on table private.secrets is
  'Keys that never leave the database and that nobody need know. Changing one is harmless.';
comment on column private.secrets.name is 'Name of the key.';
comment on column private.secrets.value is 'The key: 32 random bytes.';

insert into private.secrets (name, value)
values ('row_ids', sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));

create sequence private.row_numbers as bigint;
comment on sequence private.row_numbers is 'Tells rows of one millisecond apart. Nobody sees its values.';

create function private.row_id_tables(milliseconds bigint) returns bytea
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  hash bytea;
  tables bytea := '';
begin
  select sha512(s.value || int8send(milliseconds)) into strict hash from private.secrets s where s.name = 'row_ids';
  for round in 1..3 loop
    tables := tables || hash;
    hash := sha512(hash);
  end loop;
  return tables;
end $$;
comment on function private.row_id_tables(bigint) is
  'Three tables of 64 random bytes, others for each millisecond, which say how private.shuffled shuffles. Definer: nobody '
  'else reads the key.';

create function private.shuffled(number integer, tables bytea) returns integer
language plpgsql immutable strict security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  high integer := (number >> 6) & 63;
  low integer := number & 63;
begin
  high := high # (get_byte(tables, low) & 63);
  low := low # (get_byte(tables, 64 + high) & 63);
  high := high # (get_byte(tables, 128 + low) & 63);
  return (high << 6) | low;
end $$;
comment on function private.shuffled(integer, bytea) is
  'A number from 0 to 4,095 for another one, by a permutation that the tables choose: a Feistel network of three rounds '
  '(Luby and Rackoff, How to construct pseudorandom permutations from pseudorandom functions, 1988).';

create function private.new_row_id() returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  -- Since 2026. clock_timestamp: a statement may insert more rows than one millisecond has numbers for.
  milliseconds constant bigint := floor(date_part('epoch', clock_timestamp()) * 1000)::bigint - 1767225600000;
  kept constant text := current_setting('tidegate.row_ids', true);
  tables bytea;
begin
  -- Twenty rows or more share a millisecond when many are inserted: the tables are made once for all of them.
  if split_part(kept, ':', 1) = milliseconds::text then
    tables := decode(split_part(kept, ':', 2), 'hex');
  else
    tables := private.row_id_tables(milliseconds);
    perform set_config('tidegate.row_ids', milliseconds || ':' || encode(tables, 'hex'), true);
  end if;
  return (milliseconds << 12) | private.shuffled((nextval('private.row_numbers') & 4095)::integer, tables);
end $$;
comment on function private.new_row_id() is
  'An id that grows with time, below 2^53 until 2095: the millisecond, and a number that is unique in it for up to 4,096 '
  'rows. Each millisecond shuffles the numbers otherwise, so that two ids do not tell how many were drawn between them. '
  'Definer: nobody else draws numbers.';
grant execute on function private.new_row_id() to authenticated, service_role, tidegate_worker;

-- Clients never name these ids: the new default fills them in.
lock table public.chunks, public.interactions in share row exclusive mode;
-- squawk-ignore ban-alter-identity
alter table public.chunks alter column id drop identity;
alter table public.chunks alter column id set default private.new_row_id();
comment on column public.chunks.id is 'The passage. Tells when it was made, and nothing else.';
-- squawk-ignore ban-alter-identity
alter table public.interactions alter column id drop identity;
alter table public.interactions alter column id set default private.new_row_id();
comment on column public.interactions.id is 'The event. Tells when it was noted, and nothing else.';

create function private.new_shard_id() returns smallint
language sql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
  select n::smallint from generate_series(1, 32767) n
  where not exists (select from private.shards s where s.id = n) order by random() limit 1
$$;
comment on function private.new_shard_id() is
  'An id that no shard has. It stands beside vectors that people read, and does not tell how many audiences are giants.';
-- squawk-ignore ban-alter-identity
alter table private.shards alter column id drop identity;
alter table private.shards alter column id set default private.new_shard_id();
