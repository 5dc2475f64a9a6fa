-- Settings and limits that an operator changes with an update, and helpers that many tables use.
--
-- Both take effect with the next statement. A limit that is missing is an error, never unlimited. The error of a limit
-- names it in its details ({limit, allowed, actual}), so that a client can tell the person what to do.

create table private.settings (
  is_only boolean primary key default true check (is_only),
  co_purchase_weight double precision check (co_purchase_weight between 0 and 1),
  comparison_limit integer check (comparison_limit >= 0),
  invitation_days integer check (invitation_days between 1 and 365),
  unpaid_order_minutes double precision check (unpaid_order_minutes between 0 and 52560000),
  undecided_payment_days integer check (undecided_payment_days between 1 and 365)
);
alter table private.settings enable row level security, force row level security;

comment on table private.settings is
  'Settings of this database, in one row; null means the default. A configuration parameter of the same name, such as '
  'tidegate.comparison_limit, takes precedence.';
comment on column private.settings.is_only is 'Always true: there is one row.';
comment on column private.settings.co_purchase_weight is 'See private.co_purchase_weight().';
comment on column private.settings.comparison_limit is 'See private.comparison_limit().';
comment on column private.settings.invitation_days is 'Days in which an invitation can be accepted; 14 by default.';
comment on column private.settings.unpaid_order_minutes is
  'Minutes for which an unpaid order reserves its goods; 30 by default, 0 for no end. The order is cancelled then, '
  'unless the payment provider has been asked to charge it.';
comment on column private.settings.undecided_payment_days is
  'Days in which the payment provider may decide on what it called pending; 14 by default. Then it is for staff.';

create policy "functions alone use it" on private.settings for all to anon, authenticated using (false);

insert into private.settings default values;

create table private.limits (
  name text primary key check (name ~ '^[a-z]+(_[a-z]+)*$'),
  allowed bigint not null check (allowed >= 0),
  what text not null check (what ~ '\S')
);
alter table private.limits enable row level security, force row level security;

comment on table private.limits is
  'Limits on what one caller may have or do. To change one: update private.limits set allowed = … where name = ….';
comment on column private.limits.name is 'Name of the limit, as errors give it in their details.';
comment on column private.limits.allowed is 'The highest allowed count.';
comment on column private.limits.what is 'What is counted, as the error message says it: "open orders of one person".';

create policy "functions alone use it" on private.limits for all to anon, authenticated using (false);

insert into private.limits (name, allowed, what) values
  ('rows_per_write', 1000, 'rows in one write'),
  ('organizations_founded', 20, 'organizations that one person founded'),
  ('memberships', 500, 'memberships of one person'),
  ('invitations_sent', 100, 'invitations of one sender, open or of the last 24 hours'),
  ('invitations_to_one', 5, 'invitations of one sender to one address or account, open or of the last 24 hours'),
  ('documents_of_person', 10000, 'documents of one person'),
  ('document_bytes_of_person', 1000000000, 'bytes in documents of one person'),
  ('documents_of_organization', 100000, 'documents of one organization'),
  ('document_bytes_of_organization', 10000000000, 'bytes in documents of one organization'),
  ('files_of_document', 20, 'files of one document'),
  ('file_bytes_of_person', 1000000000, 'bytes in files of one person''s documents'),
  ('file_bytes_of_organization', 10000000000, 'bytes in files of one organization''s documents'),
  ('file_text_bytes_of_document', 10000000, 'bytes of text in the files of one document'),
  ('file_bytes', 50000000, 'bytes of one file that is read'),
  ('file_pages', 2000, 'pages of one file that is read'),
  ('file_seconds', 20, 'seconds in which one file is read'),
  ('file_memory_bytes', 536870912, 'bytes of memory in which one file is read'),
  ('file_unpacked_bytes', 200000000, 'bytes of what is packed in one file'),
  ('file_unpacked_entries', 10000, 'entries that are packed in one file'),
  ('shares_of_document', 1000, 'people that one document is shared with'),
  ('shares_with_person', 1000, 'documents shared with one person'),
  ('chunks_per_text', 10000, 'chunks of one text: of a document, a file or a product'),
  ('chunking_seconds_per_text', 10, 'seconds of processor time to cut one text into chunks'),
  ('query_phrases', 16, 'phrases ("slack water") in one query'),
  ('query_exclusions', 16, 'exclusions (-sail) in one query'),
  ('query_prefixes', 16, 'prefixes (boat*) in one query'),
  ('query_quoted_words', 64, 'words in the phrases and exclusions of one query'),
  ('query_alternatives', 16, 'alternatives (or) in one search of products'),
  ('metadata_filter_bytes', 65536, 'bytes, as binary JSON, in the filters of one search'),
  ('search_answer_bytes', 1000000, 'bytes of JSON in the results of one search; further results are left out'),
  ('open_orders', 10, 'unpaid orders of one person'),
  ('reserved_units', 100, 'units in unpaid orders of one person'),
  ('reserved_units_of_product', 20, 'units of one product in unpaid orders of one person'),
  ('orders_per_hour', 100, 'orders of one person within an hour'),
  ('unpaid_units_per_day', 500, 'units in orders of one person within 24 hours that were not paid'),
  ('interactions_per_minute', 120, 'views and carts of one person within a minute');

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
comment on function private.limit_of is
  'The highest count that a limit allows. Raises an error when there is no such limit. Definer: reads the table.';
grant execute on function private.limit_of to anon, authenticated, service_role, tidegate_gateway, tidegate_worker;

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
comment on function private.enforce_limit is
  'Raises PT403 (or the given status, such as PT429) when the count is over the limit. Definer: reads the table.';
grant execute on function private.enforce_limit to anon, authenticated, service_role, tidegate_gateway, tidegate_worker;

create function private.lock_limit(name text, subject text) returns void
language sql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
  select pg_advisory_xact_lock(hashtextextended(name || ' ' || subject, 20261127))
$$;
comment on function private.lock_limit is
  'Serializes transactions that add to what a limit counts of one subject, so that two do not pass it together.';

create function private.is_held_to_limits() returns boolean
language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  select coalesce(auth.jwt() ->> 'role' = 'authenticated', false)
$$;
comment on function private.is_held_to_limits is
  'Whether limits apply to the caller. They apply to people, not to servers and administrators.';
grant execute on function private.is_held_to_limits to authenticated;

create function private.enforce_rows_per_write() returns trigger
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  -- Functions that people call have limits of their own.
  if current_user = 'authenticated' then
    perform private.enforce_limit('rows_per_write', (select count(*) from new_rows), 'PT413');
  end if;
  return null;
end $$;
comment on function private.enforce_rows_per_write is
  'Statement trigger on tables that people write: bounds the number of rows of one statement.';

create function private.limit_rows() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  subject uuid;
  total bigint;
begin
  if private.is_held_to_limits() then
    for subject in execute format(
      'select distinct n.%I from new_rows n where n.%1$I is not null order by 1', tg_argv[1]) loop
      perform private.lock_limit(tg_argv[0], subject::text);
      execute format('select count(*) from %s t where t.%I = $1', tg_relid::regclass, tg_argv[1])
        into total using subject;
      perform private.enforce_limit(tg_argv[0], total);
    end loop;
  end if;
  return null;
end $$;
comment on function private.limit_rows is
  'Statement trigger: bounds the rows of a table that have the same value in a column. Arguments: the limit, the '
  'column. Definer: counts rows that the caller may not see.';

create function private.touch_updated_at() returns trigger
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  new.updated_at := now();
  return new;
end $$;
comment on function private.touch_updated_at is 'Row trigger: sets updated_at.';

create function private.forbid_key_change() returns trigger
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'the key of % cannot be changed', tg_table_name using errcode = 'insufficient_privilege';
end $$;
comment on function private.forbid_key_change is
  'Row trigger: refuses to change a key. Key columns are granted for update all the same, since PostgREST writes them '
  'unchanged in an upsert.';

-- PostgreSQL looks for an expired statement_timeout between calls of its own functions, not within one. So what callers
-- store is bounded such that no call on it takes long: @> on two lists takes as many steps as the product of their
-- lengths, and 1e100000 as text has 100,001 digits. Constraints are checked in the order of their names; each of these
-- is quick for what an earlier one lets pass.

create function private.json_is_short(value jsonb) returns boolean
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select pg_column_size(value) <= 65536 $$;
comment on function private.json_is_short is
  'Whether a JSON value is so short that it may be searched and written as text. One of 16,384 bytes as text is.';
grant execute on function private.json_is_short to anon, authenticated, service_role, tidegate_worker;

create function private.json_has_doubles(value jsonb) returns boolean
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select not private.json_is_short(value) or not jsonb_path_exists(
    value,
    'strict $.** ? (@.type() == "number" && (@ > 1e308 || @ < -1e308 || (@ > -1e-308 && @ < 1e-308 && @ != 0)))')
$$;
comment on function private.json_has_doubles is
  'Whether the numbers in a short JSON value are within the range of doubles. True for a longer one.';
grant execute on function private.json_has_doubles to anon, authenticated, service_role, tidegate_worker;

create function private.json_list_values(value jsonb) returns bigint
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select coalesce(sum(l.size::integer), 0)
  from jsonb_path_query(
    case when private.json_is_short(value) then value end, 'strict $.** ? (@.type() == "array").size()') l (size)
$$;
comment on function private.json_list_values is
  'How many values the lists in a short JSON value hold together. 0 for a longer one.';
grant execute on function private.json_list_values to authenticated, service_role, tidegate_worker;

-- like compares a pattern with every place of a text: 26 s for a pattern of 4,000 and a text of 2,000,000 characters,
-- in one call. Long texts are varchar, for which pg_catalog has no like of its own, so that a filter of the Data API,
-- which searches public, finds these operators. In functions, which search pg_catalog, like is PostgreSQL's.

create function private.require_short_pattern(value varchar, pattern varchar) returns void
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
begin
  -- Some tenths of a second. octet_length() does not read a long text.
  if octet_length(value)::bigint * octet_length(pattern) > 100000000 then
    raise exception 'A pattern of % bytes is too long for a text of % bytes.',
      octet_length(pattern), octet_length(value)
      using errcode = 'invalid_parameter_value',
            detail = 'Their product may be 100,000,000.',
            hint = 'Shorten the pattern, let another filter leave out long texts, or call the function search.';
  end if;
end $$;
comment on function private.require_short_pattern is 'Raises an error when a pattern is too long to be looked for.';

create function private.is_like(value varchar, pattern varchar) returns boolean
language plpgsql immutable strict security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ begin perform private.require_short_pattern(value, pattern); return value::text like pattern::text; end $$;
create function private.is_not_like(value varchar, pattern varchar) returns boolean
language plpgsql immutable strict security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ begin perform private.require_short_pattern(value, pattern); return value::text not like pattern::text; end $$;
create function private.is_ilike(value varchar, pattern varchar) returns boolean
language plpgsql immutable strict security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ begin perform private.require_short_pattern(value, pattern); return value::text ilike pattern::text; end $$;
create function private.is_not_ilike(value varchar, pattern varchar) returns boolean
language plpgsql immutable strict security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ begin perform private.require_short_pattern(value, pattern); return value::text not ilike pattern::text; end $$;
comment on function private.is_like is 'like for varchar.';
comment on function private.is_not_like is 'not like for varchar.';
comment on function private.is_ilike is 'ilike for varchar.';
comment on function private.is_not_ilike is 'not ilike for varchar.';
grant execute on function
  private.require_short_pattern, private.is_like, private.is_not_like, private.is_ilike, private.is_not_ilike
  to anon, authenticated, service_role;

create operator public.~~ (
  leftarg = varchar, rightarg = varchar, function = private.is_like, restrict = contsel, join = contjoinsel);
create operator public.!~~ (
  leftarg = varchar, rightarg = varchar, function = private.is_not_like, restrict = neqsel, join = neqjoinsel);
create operator public.~~* (
  leftarg = varchar, rightarg = varchar, function = private.is_ilike, restrict = contsel, join = contjoinsel);
create operator public.!~~* (
  leftarg = varchar, rightarg = varchar, function = private.is_not_ilike, restrict = neqsel, join = neqjoinsel);
comment on operator public.~~ (varchar, varchar) is 'like, for a pattern that is not too long for the text.';
comment on operator public.!~~ (varchar, varchar) is 'not like, for a pattern that is not too long for the text.';
comment on operator public.~~* (varchar, varchar) is 'ilike, for a pattern that is not too long for the text.';
comment on operator public.!~~* (varchar, varchar) is 'not ilike, for a pattern that is not too long for the text.';
