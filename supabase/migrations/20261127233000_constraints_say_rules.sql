-- Purpose: a refusal by a constraint says the rule. The Data API passes on PostgreSQL's message, which names the constraint and
--   nothing else of it, so its name is the rule. Foreign keys keep their names: clients embed by them.
-- Undo: rename each back to the other of its two names.
-- No client asks for a unique index by its name: an upsert names columns (on_conflict).
-- squawk-ignore-file renaming-object
set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table public.documents rename constraint documents_title_check
  to "title has 1 to 500 characters, not all of them white space";
alter table public.documents rename constraint documents_content_check
  to "content has at most 2,000,000 characters";
alter table public.documents rename constraint documents_language_check
  to "language is a code of 2 or 3 lower-case letters, such as en";
alter table public.documents rename constraint documents_metadata_check
  to "metadata is a JSON object of at most 65,536 bytes";
alter table public.documents rename constraint documents_organization_check
  to "visibility organization needs an organization_id";
alter table public.documents rename constraint documents_owner_check
  to "a document without owner_id belongs to an organization";
alter table public.documents rename constraint documents_source_uri_check
  to "source_uri has at most 2,000 characters";
alter table public.documents rename constraint documents_pkey
  to "id of a document is unique";

alter table public.invitations rename constraint invitations_addressee_check
  to "either email or user_id is given, not both";
alter table public.invitations rename constraint invitations_email_check
  to "email is a lower-case address of at most 254 characters";
alter table public.invitations rename constraint invitations_role_check
  to "role is given with organization_id, and not with document_id";
alter table public.invitations rename constraint invitations_target_check
  to "either organization_id or document_id is given, not both";

alter table public.organizations rename constraint organizations_name_check
  to "name has 1 to 200 characters";
alter table public.organizations rename constraint organizations_slug_check
  to "slug has a-z, 0-9 and single hyphens, at most 63 characters";
alter table public.organizations rename constraint organizations_published_at_check
  to "an organization that may publish has published_at";
alter table public.organizations rename constraint organizations_slug_key
  to "slug of an organization is unique";

alter table public.profiles rename constraint profiles_display_name_check
  to "display_name has 1 to 200 characters";
alter table public.profiles rename constraint profiles_display_name_blank_check
  to "display_name is not all white space";
alter table public.profiles rename constraint profiles_email_check
  to "email is in lower case";
alter table public.profiles rename constraint profiles_phone_check
  to "phone is + and 7 to 15 digits without spaces (E.164)";

alter table public.categories rename constraint categories_description_check
  to "description has at most 2,000 characters";
alter table public.categories rename constraint categories_name_check
  to "name has 1 to 200 characters";
alter table public.categories rename constraint categories_slug_check
  to "slug has a-z, 0-9 and single hyphens, at most 63 characters";
alter table public.categories rename constraint categories_pkey
  to "id of a category is unique";
alter table public.categories rename constraint categories_slug_key
  to "slug of a category is unique";

alter table public.products rename constraint products_sku_check
  to "sku has A-Z, 0-9 and single hyphens, at most 40 characters";
alter table public.products rename constraint products_name_check
  to "name has 1 to 200 characters";
alter table public.products rename constraint products_name_blank_check
  to "name is not all white space";
alter table public.products rename constraint products_description_check
  to "description has at most 20,000 characters";
alter table public.products rename constraint products_price_check
  to "price is above 0";
alter table public.products rename constraint products_price_range_check
  to "price is above 0 and below 10,000,000,000";
alter table public.products rename constraint products_currency_check
  to "currency is a code of 3 capital letters, such as EUR";
alter table public.products rename constraint products_stock_check
  to "stock is 0 or more";
alter table public.products rename constraint products_language_check
  to "language is a code of 2 or 3 lower-case letters, such as en";
alter table public.products rename constraint products_metadata_check
  to "metadata is a JSON object of at most 65,536 bytes";
alter table public.products rename constraint products_pkey
  to "id of a product is unique";
alter table public.products rename constraint products_sku_key
  to "sku of a product is unique";

alter table public.interactions rename constraint interactions_order_id_check
  to "a purchase has an order_id, nothing else has";

alter index public.invitations_organization_id_email_idx
  rename to "one pending invitation of an address to an organization";
alter index public.invitations_organization_id_user_id_idx
  rename to "one pending invitation of a person to an organization";
alter index public.invitations_document_id_email_idx
  rename to "one pending invitation of an address to a document";
alter index public.invitations_document_id_user_id_idx
  rename to "one pending invitation of a person to a document";

-- As before, without the names of constraints.
create or replace function private.keep_price_exact() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  -- Two decimals are what orders, totals and clients count on, also where ISO 4217 has three.
  digits constant integer := (select least(c.minor_digits, 2) from public.currencies c where c.code = new.currency);
begin
  if digits is null then
    raise exception '% is no currency that prices can be in', new.currency
      using errcode = 'check_violation', hint = 'The table currencies lists those there are.';
  end if;
  -- NaN and infinities too: PostgreSQL takes NaN for more than any number.
  if not (new.price > 0 and new.price < 10000000000) then
    raise exception 'a price is above 0 and below 10,000,000,000' using errcode = 'check_violation';
  end if;
  if scale(trim_scale(new.price)) > digits then
    raise exception 'a price in % has at most % decimals', new.currency, digits using errcode = 'check_violation';
  end if;
  new.price := round(new.price, 2);
  return new;
end $$;
