-- Filters of a search, read from JSON and checked. What they let pass: see scopes_and_counts.
--
-- The gateway, the Edge Function and public.search() take the same JSON. What it says of metadata is compiled once a
-- search: values that must be contained as they are, and operators as one jsonpath. What is wrong with a filter is a
-- PT422 that names it and what is known, so that a misspelt operator never gives an empty list.
--
-- What passes a filter is looked up first, up to a bound that is the lower the more the filter compares.

create type private.source_filter as (
  organization_ids uuid[], document_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean,
  language text, created tstzrange, updated tstzrange, contained jsonb, conditions jsonpath, look_ups integer);
comment on type private.source_filter is
  'What a document or product must be like; null where anything will do. language: a pattern. contained, conditions: '
  'what its metadata must contain, and pass. look_ups: how many rows are looked at for these.';

create function private.source_limit() returns integer
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select 5000 $$;
comment on function private.source_limit is
  'Sources up to which a search looks at everything that passes its filters, at about 3 microseconds each. When more '
  'pass, it searches as without filters and drops what fails.';

create function private.look_up_limit() returns integer
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select 250000 $$;
comment on function private.look_up_limit is
  'Documents or products that a search looks at to find those that pass its filters, at about 0.3 microseconds each '
  'and 0.2 to 1 for each operator on metadata; fewer where there are many operators.';

create function private.metadata_operators() returns text[]
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select '{$eq,$ne,$in,$nin,$gt,$gte,$lt,$lte,$exists,$not}'::text[] $$;
comment on function private.metadata_operators is 'The operators that a filter of metadata may have.';

create function private.refuse_filter(place text, why text) returns void
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'filters.%: %', place, why using errcode = 'PT422';
end $$;
comment on function private.refuse_filter is 'Raises PT422 for a filter that is not as it must be.';

create function private.is_moment(written text) returns boolean
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    written ~ ('^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'
      || '(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?)?$')
    and jsonb_path_exists(to_jsonb(left(written, 10)), '$.datetime()', silent => true), false)
$$;
comment on function private.is_moment is
  'Whether a text is a date, or a time of one: 2026-03-31, 2026-03-31T12:00:00Z, 2026-03-31T12:00:00.5+02:00.';

create function private.read_moment(filters jsonb, name text) returns timestamptz
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
begin
  if filters ->> name is not null and not private.is_moment(filters ->> name) then
    perform private.refuse_filter(name, 'It must be a date such as "2026-03-31" or "2026-03-31T12:00:00Z"');
  end if;
  return filters ->> name;
end $$;
comment on function private.read_moment is 'A time that a filter names, in UTC unless it says otherwise.';

create function private.element_test(operator text, operand jsonb, place text) returns text
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  kind constant text := jsonb_typeof(operand);
  sign constant text := coalesce('{"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}'::jsonb ->> operator, '==');
begin
  if operator in ('$in', '$nin') and kind = 'array' and operand <> '[]' and private.json_has_doubles(operand)
     and not operand @? 'strict $[*] ? (@.type() == "array" || @.type() == "object")' then
    return (select string_agg('@ == ' || e.value::text, ' || ') from jsonb_array_elements(operand) e (value));
  elsif operator in ('$eq', '$ne') and kind not in ('array', 'object') and private.json_has_doubles(operand)
     or sign <> '==' and kind = 'number' and private.json_has_doubles(operand) then
    return format('@ %s %s', sign, operand);
  elsif sign <> '==' and kind = 'string' and private.is_moment(operand #>> '{}') then
    -- By a template: without one PostgreSQL tries all forms that a time may have, for every row.
    return format('@.datetime() %s "%s".datetime("YYYY-MM-DD HH24:MI:SS.US")', sign, to_char(
      private.read_moment(jsonb_build_object(place, operand), place) at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'));
  end if;
  perform private.refuse_filter(place, case
    when operator in ('$in', '$nin') then format('%s takes a list of texts, numbers, true, false and null', operator)
    when operator in ('$eq', '$ne') then format('%s takes a text, a number, true, false or null', operator)
    else format('%s takes a number, or a date such as "2026-03-31" or "2026-03-31T12:00:00Z"', operator) end);
end $$;
comment on function private.element_test is
  'What a value (@) must be like, as jsonpath, to pass one operator. Numbers are within the range of doubles, so that '
  'none is long as text.';

create function private.operators_test(operators jsonb, path text, place text) returns text
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  ranges text[] := '{}';
  tests text[] := '{}';
  each record;
begin
  if operators = '{}' or jsonb_typeof(operators -> '$not') = 'array' then
    perform private.refuse_filter(place, '$not takes a value or operators');
  end if;
  for each in select o.key, o.value, jsonb_typeof(o.value) as kind from jsonb_each(operators) o loop
    case
      when each.key in ('$eq', '$in') then
        tests := tests || format('(exists(%s ? (%s)))', path, private.element_test(each.key, each.value, place));
      when each.key in ('$ne', '$nin') then
        tests := tests || format('!(exists(%s ? (%s)))', path, private.element_test(each.key, each.value, place));
      when each.key in ('$gt', '$gte', '$lt', '$lte') then
        ranges := ranges || private.element_test(each.key, each.value, place);
      when each.key = '$exists' and each.kind = 'boolean' then
        tests := tests || format(case when each.value = 'true' then '(exists(%s))' else '!(exists(%s))' end, path);
      when each.key = '$exists' then
        perform private.refuse_filter(place, '$exists takes true or false');
      when each.key = '$not' then
        tests := tests || format('!(%s)', private.operators_test(
          case each.kind when 'object' then each.value else jsonb_build_object('$eq', each.value) end, path, place));
      else
        perform private.refuse_filter(place, format(
          '%s is no operator; known are %s', left(each.key, 40), array_to_string(private.metadata_operators(), ', ')));
    end case;
  end loop;
  if cardinality(ranges) > 0 then
    -- Together: one element of a list must be between both ends.
    tests := tests || format('(exists(%s ? (%s)))', path, array_to_string(ranges, ' && '));
  end if;
  return array_to_string(tests, ' && ');
end $$;
comment on function private.operators_test is
  'What operators say of the value at this path, as jsonpath: of any element where it is a list.';

create type private.metadata_parts as (contained jsonb, tests text[]);
comment on type private.metadata_parts is 'What metadata must contain, and what it must pass, as jsonpath.';

create function private.metadata_parts(names jsonb, path text, place text) returns private.metadata_parts
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  parts private.metadata_parts := ('{}', '{}');
  inner_parts private.metadata_parts;
  each record;
  path_to text;
  named text;
begin
  for each in select n.key, n.value, jsonb_typeof(n.value) as kind from jsonb_each(names) n loop
    path_to := format('%s.%s', path, to_jsonb(each.key));
    named := place || '.' || left(each.key, 100);
    case
      when starts_with(each.key, '$') then
        perform private.refuse_filter(place, format(
          '%s stands where a name must; operators stand below one, as in {"year": {"$gte": 2024}}, and are %s',
          left(each.key, 40), array_to_string(private.metadata_operators(), ', ')));
      when each.kind = 'object' and exists (select from jsonb_object_keys(each.value) k where starts_with(k, '$')) then
        parts.tests := parts.tests || private.operators_test(each.value, path_to, named);
      when each.kind = 'object' then
        inner_parts := private.metadata_parts(each.value, path_to, named);
        if inner_parts.contained <> '{}' or cardinality(inner_parts.tests) = 0 then
          parts.contained := parts.contained || jsonb_build_object(each.key, inner_parts.contained);
        end if;
        parts.tests := parts.tests || inner_parts.tests;
      when each.kind = 'array'
           and each.value @? 'strict $.** ? (@.type() == "object").keyvalue().key ? (@ starts with "$")' then
        perform private.refuse_filter(named, 'no operator can stand in a list');
      else
        parts.contained := parts.contained || jsonb_build_object(each.key, each.value);
    end case;
  end loop;
  return parts;
end $$;
comment on function private.metadata_parts is 'The parts of a filter of metadata: of these names, which stand at path.';

create function private.read_metadata_filter(metadata jsonb, inout wanted private.source_filter)
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  parts private.metadata_parts;
  operators bigint;
  listed bigint;
  moments bigint;
begin
  if jsonb_path_exists(metadata, 'strict $.**{16}.**{1}') then
    perform private.refuse_filter('metadata', 'It nests more than 16 levels');
  end if;
  select count(*), coalesce(sum(jsonb_array_length(o.value)) filter (where jsonb_typeof(o.value) = 'array'), 0),
         count(*) filter (where jsonb_typeof(o.value) = 'string' and o.key in ('$gt', '$gte', '$lt', '$lte'))
  into operators, listed, moments
  from (
    select k.pair ->> 'key' as key, k.pair -> 'value' as value
    from jsonb_path_query(metadata, 'strict $.** ? (@.type() == "object").keyvalue()') k (pair)) o
  where starts_with(o.key, '$');
  if operators > 16 or listed > 100 then
    perform private.refuse_filter('metadata', 'It may have 16 operators, and 100 values in the lists of $in and $nin');
  end if;
  parts := private.metadata_parts(metadata, '$', 'metadata');
  wanted.contained := parts.contained;
  wanted.conditions := nullif(array_to_string(parts.tests, ' && '), '')::jsonpath;
  -- Comparing with a time takes as long as five numbers, with two values of a list as long as one.
  wanted.look_ups := private.look_up_limit() / greatest(1, (operators + 4 * moments + listed / 2) / 4);
end $$;
comment on function private.read_metadata_filter is 'Adds to a filter what metadata must be like.';

create function private.read_period(filters jsonb, after text, before text) returns tstzrange
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  first constant timestamptz := private.read_moment(filters, after);
  past_the_last constant timestamptz := private.read_moment(filters, before);
begin
  if first is null and past_the_last is null then
    return null;
  end if;
  return case when past_the_last <= first then 'empty' else tstzrange(first, past_the_last, '[)') end;
end $$;
comment on function private.read_period is 'The time from one moment of a filter, which counts, to the other.';

create function private.read_ids(filters jsonb, name text) returns uuid[]
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  ids text[];
begin
  if jsonb_typeof(filters -> name) = 'array' then
    ids := array(select i.id from jsonb_array_elements_text(filters -> name) i (id));
    if not cardinality(ids) between 1 and 100 or exists (
      select from unnest(ids) i (id) where i.id is null or i.id !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$') then
      perform private.refuse_filter(name, 'It must be a list of 1 to 100 ids');
    end if;
  end if;
  return ids::uuid[];
end $$;
comment on function private.read_ids is 'Ids that a filter lists; null where it lists none.';

create function private.read_languages(filters jsonb) returns text
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  written text[];
  unknown text;
begin
  if jsonb_typeof(filters -> 'languages') is distinct from 'array' then
    return null;
  end if;
  written := array(select l.tag from jsonb_array_elements_text(filters -> 'languages') l (tag));
  if not cardinality(written) between 1 and 20 then
    perform private.refuse_filter('languages', 'It must be a list of 1 to 20 language tags');
  end if;
  unknown := (select to_json(left(w.tag, 100)) from unnest(written) w (tag)
              where private.language_tag(w.tag) is null limit 1);
  if unknown is not null then
    perform private.refuse_filter('languages', unknown || ' is no BCP 47 tag, such as de, pt-BR or zh-Hant');
  end if;
  return (select '^(' || string_agg(private.language_tag(w.tag), '|') || ')(-|$)' from unnest(written) w (tag));
end $$;
comment on function private.read_languages is
  'A pattern of the languages that a filter lists: pt is also pt-BR, pt-BR is not pt. null where it lists none.';

create function private.read_filters(filters jsonb) returns private.source_filter
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  kinds constant jsonb := '{"organization_ids": "array", "document_ids": "array", "languages": "array",
    "created_after": "string", "created_before": "string", "updated_after": "string", "updated_before": "string",
    "category": "string", "price_min": "number", "price_max": "number", "in_stock": "boolean", "metadata": "object"}';
  wrong record;
  wanted private.source_filter;
begin
  if filters is null or filters = '{}' then
    return null;
  end if;
  if jsonb_typeof(filters) <> 'object' then
    raise exception 'filters must be an object' using errcode = 'PT422';
  end if;
  -- Not counted as text: that of 1e100000 is long.
  perform private.enforce_limit('metadata_filter_bytes', pg_column_size(filters), '22023');
  select f.key, kinds ->> f.key as kind into wrong from jsonb_each(filters) f
  where not kinds ? f.key or jsonb_typeof(f.value) not in ('null', kinds ->> f.key) limit 1;
  if wrong.kind is not null then
    perform private.refuse_filter(wrong.key, 'It must be of the type ' || wrong.kind);
  elsif wrong.key is not null then
    perform private.refuse_filter(left(wrong.key, 100), 'There is no such filter; known are '
      || (select string_agg(k, ', ' order by k) from jsonb_object_keys(kinds) k));
  end if;
  wanted.organization_ids := private.read_ids(filters, 'organization_ids');
  wanted.document_ids := private.read_ids(filters, 'document_ids');
  wanted.language := private.read_languages(filters);
  wanted.created := private.read_period(filters, 'created_after', 'created_before');
  wanted.updated := private.read_period(filters, 'updated_after', 'updated_before');
  wanted.category := filters ->> 'category';
  wanted.price_min := filters ->> 'price_min';
  wanted.price_max := filters ->> 'price_max';
  wanted.in_stock := filters ->> 'in_stock';
  if jsonb_typeof(filters -> 'metadata') = 'object' then
    wanted := private.read_metadata_filter(filters -> 'metadata', wanted);
  end if;
  return wanted;
end $$;
comment on function private.read_filters is
  'A filter from JSON; null where anything will do. Raises PT422 for one that is not as it must be.';

grant execute on function
  private.source_limit, private.look_up_limit, private.metadata_operators, private.refuse_filter, private.is_moment,
  private.element_test, private.operators_test, private.metadata_parts, private.read_metadata_filter,
  private.read_moment, private.read_period, private.read_ids, private.read_languages, private.read_filters
  to anon, authenticated, service_role;
