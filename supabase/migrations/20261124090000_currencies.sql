-- Purpose: which currencies there are, and how many decimals a price in each has.
-- Undo: drop trigger keep_price_exact on public.products; drop function private.keep_price_exact();
--   alter table public.products drop constraint products_currency_fkey, alter column price type numeric(12, 2);
--   drop table public.currencies;
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table public.currencies (
  code text primary key check (code ~ '^[A-Z]{3}$'),
  minor_digits smallint not null check (minor_digits between 0 and 4)
);
alter table public.currencies enable row level security;
alter table public.currencies force row level security;

comment on table public.currencies is
  'Currencies that a price can be in: those of ISO 4217 that things are priced in, without funds, metals and test codes.';
comment on column public.currencies.code is 'ISO 4217 code.';
comment on column public.currencies.minor_digits is 'Decimals of an amount, as ISO 4217 has it: 2 for EUR, 0 for JPY.';

grant select on public.currencies to anon, authenticated;
grant select, insert, update, delete on public.currencies to service_role;
create policy "everybody reads currencies" on public.currencies
  for select to anon, authenticated using (true);

insert into public.currencies (code, minor_digits)
select c.code, l.minor_digits
from (values
  (0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF'),
  (2, 'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC '
   || 'CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD '
   || 'KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO '
   || 'NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL '
   || 'THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG'),
  (3, 'BHD IQD JOD KWD LYD OMR TND')) l (minor_digits, codes)
cross join lateral regexp_split_to_table(l.codes, ' ') c (code);

-- What is priced in anything else already stays as it is: its code joins the list.
insert into public.currencies (code, minor_digits)
select distinct p.currency, 2 from public.products p
on conflict (code) do nothing;

create index products_currency_idx on public.products (currency);
alter table public.products
  add constraint products_currency_fkey foreign key (currency) references public.currencies (code) not valid;

-- A column of type numeric(12, 2) rounds before any check sees the number: 19.999 was stored as 20.00, and 0.005 as 0.01.
-- Without a limit of its own the column takes what is sent, and the trigger refuses what the currency cannot say. No row
-- is rewritten: every numeric(12, 2) is a numeric.
-- squawk-ignore changing-column-type
alter table public.products alter column price type numeric;

create function private.keep_price_exact() returns trigger
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  -- Two decimals are what orders, totals and clients count on, also where ISO 4217 has three.
  digits constant integer := (select least(c.minor_digits, 2) from public.currencies c where c.code = new.currency);
begin
  if digits is null then
    raise exception '% is no currency that prices can be in', new.currency
      using errcode = 'check_violation', constraint = 'products_currency_check', hint = 'The table currencies lists those there are.';
  end if;
  -- NaN and infinities too: PostgreSQL takes NaN for more than any number.
  if not (new.price > 0 and new.price < 10000000000) then
    raise exception 'a price is above 0 and below 10,000,000,000'
      using errcode = 'check_violation', constraint = 'products_price_check';
  end if;
  if scale(trim_scale(new.price)) > digits then
    raise exception 'a price in % has at most % decimals', new.currency, digits
      using errcode = 'check_violation', constraint = 'products_price_check';
  end if;
  new.price := round(new.price, 2);
  return new;
end $$;
comment on function private.keep_price_exact() is
  'Row trigger: refuses a price with more decimals than its currency has rather than rounding it, and writes each with two, '
  'so that 19.9 reads 19.90.';

create trigger keep_price_exact before insert or update of price, currency on public.products
  for each row execute function private.keep_price_exact();
