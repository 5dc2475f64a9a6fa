-- Language tags: what documents and products say about their language.
--
-- A tag is BCP 47 (RFC 5646): de, pt-BR, zh-Hant. It is kept in its canonical form, whatever was written: DEU is de,
-- pt_br is pt-BR. What is no tag is refused, here and not by clients, so that it holds for every way to write. The
-- subtags are those of IANA's registry of 2024-05-16, and the codes of ISO 639 that it replaces by shorter ones.
--
-- A document may leave its language out. Then the worker detects it, and detects it again when the text changes, until
-- somebody chooses one.

create function private.language_aliases() returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select ' aar=aa abk=ab afr=af aka=ak alb=sq als=sq amh=am ara=ar arb=ar arg=an arm=hy asm=as ava=av ave=ae aym=ay'
      || ' aze=az azj=az bak=ba bam=bm baq=eu bel=be ben=bn bis=bi bod=bo bos=bs bre=br bul=bg bur=my cat=ca ces=cs'
      || ' cha=ch che=ce chi=zh chu=cu chv=cv cmn=zh cor=kw cos=co cre=cr cym=cy cze=cs dan=da deu=de div=dv dut=nl'
      || ' dzo=dz ekk=et ell=el eng=en epo=eo est=et eus=eu ewe=ee fao=fo fas=fa fij=fj fin=fi fra=fr fre=fr fry=fy'
      || ' ful=ff geo=ka ger=de gla=gd gle=ga glg=gl glv=gv gre=el grn=gn gug=gn guj=gu hat=ht hau=ha hbs=sr heb=he'
      || ' her=hz hin=hi hmo=ho hrv=hr hun=hu hye=hy ibo=ig ice=is ido=io iii=ii iku=iu ile=ie in=id ina=ia ind=id'
      || ' ipk=ik isl=is ita=it iw=he jav=jv ji=yi jpn=ja jw=jv kal=kl kan=kn kas=ks kat=ka kau=kr kaz=kk khk=mn'
      || ' khm=km kik=ki kin=rw kir=ky kmr=ku kom=kv kon=kg kor=ko kua=kj kur=ku lao=lo lat=la lav=lv lim=li lin=ln'
      || ' lit=lt ltz=lb lub=lu lug=lg lvs=lv mac=mk mah=mh mal=ml mao=mi mar=mr may=ms mkd=mk mlg=mg mlt=mt mo=ro'
      || ' mol=ro mon=mn mri=mi msa=ms mya=my nau=na nav=nv nbl=nr nde=nd ndo=ng nep=ne nld=nl nno=nn nob=nb nor=no'
      || ' npi=ne nya=ny oci=oc oji=oj ori=or orm=om ory=or oss=os pan=pa pbu=ps per=fa pes=fa pli=pi plt=mg pol=pl'
      || ' por=pt pus=ps que=qu quz=qu roh=rm ron=ro rum=ro run=rn rus=ru sag=sg san=sa scc=sr scr=hr sh=sr sin=si'
      || ' slk=sk slo=sk slv=sl sme=se smo=sm sna=sn snd=sd som=so sot=st spa=es sqi=sq srd=sc srp=sr ssw=ss sun=su'
      || ' swa=sw swe=sv swh=sw tah=ty tam=ta tat=tt tel=te tgk=tg tgl=tl tha=th tib=bo tir=ti ton=to tsn=tn tso=ts'
      || ' tuk=tk tur=tr twi=tw uig=ug ukr=uk urd=ur uzb=uz uzn=uz ven=ve vie=vi vol=vo wel=cy wln=wa wol=wo xho=xh'
      || ' ydd=yi yid=yi yor=yo zha=za zho=zh zsm=ms zul=zu '
$$;
comment on function private.language_aliases is 'Codes of languages and the shorter or newer one that stands for each.';

create function private.codes_of_two_letters() returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select ' aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz'
      || ' ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik'
      || ' io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml'
      || ' mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd'
      || ' se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi'
      || ' vo wa wo xh yi yo za zh zu '
$$;
comment on function private.codes_of_two_letters is 'The languages of ISO 639-1.';

create function private.codes_of_three_letters() returns bytea
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select decode(
    '//39/u//v9v7//769x88V2+Xc/j///9wvwP//88FhXLp//1////+d//////////j6f///028CnK+/////v/3/////98r9PHwXeefFAcg3+2f'
    || 'P8Eh+L/u////////f/////9//f////d/////////57//////7/////+//////9////P/+3/////+///7///3///9////f9/////+///f///f'
    || '+////v//////93+//dWtf0D/nMFDLAglQQBQRACAu//yn7RCRdabNIj3e+cXV1VdDhw3f/Pvn/9dOGUIABC8/7////9/Nz7Hx9//AYEAsAWA'
    || 'ACAAAANAAACSIdD/ff/e/l4EAAJkjRnB33siAAAA323eJuXZ8/7//c+fFEEMhgDRAPDHZ1/WmV637e8DAAIAAADAd9pXkm0BLtZ79P9/fwAA'
    || 'AAEMVgMAALAUJ1EWCgABAAAQEUkAAGAQAAAAEAAARAQAEIAFGAAABQCAKAQAAFCVLRBkNSRT9dW/4s0DAIAAQAAAAAAABBc5Ad1XmSGYpwgA'
    || 'AUCCAAAABAAAAAIBQABEAACw/qs5AAIAAAAEAAAAAAAgAEAEAAAAAgAAABCDqAUAAAAABCAEpggEAAiBUAAACDGGQAAAAABAAAP1AxAIBAAA'
    || 'AOA7sxMAgAARAAAAAAAAAAAAAAAA///////fz4OiwP/fJ+8f5QMQILLFpkUlmwPf+d8D1EiQAQ6B45NU2zjzf/9t+f//fwQIAAEhEjxf/Q+F'
    || 'T0RAAAS//f/W6Bv0N6MNAAAge3kCB4QA8P9//gAYBIEAAACAEJQcAQAAAAAAEEAABAi0/qUMQAAAkSQEbABg8P/7f/YYBZ/fbgMAEQAAAEAF'
    || 'tbaCKAQABFHi//0/BQkIBUAAAAAAEAAADAAAAAChAmznSBSIIMBHgAcAAADMUEAkhUeEQCAQACACUIgRANns7lA3HRFpDlnrMwgAIAVAEAAA'
    || 'AFBElknWXaeDR5f7ABAACACAAEBFAAECAAFAgABGCPjr9znEnRYAAAwEASAg3aIBAAAAEkQAAAQQ8J2VEwSAAAHQFkAAEPCQYkzSAgFKAEYE'
    || 'AAgCACDAAIAGAAgAAAAA8NjvFQIIAAABAAAAABABABAAAAD/1+P9//////9////+////////////3//6///b/f////7///////////3//f/f'
    || '/9z///////////77//////////7//f/////////v/////////////3v93d//vJgFLP8H8P//fwAIAMN9HwbmcvD/fH9EIjCfex79/1fy/z//'
    || '8h6V9///R4ABAgAgQFWfit/5bhGHUdDz/3dAAwTRWFwAQAAQBAIAIAqAe7f9/v7////////v////f/////////////f//99///9/////7/+9'
    || '///7////33/9//f///f////7/+///////3/f/7/v9////////////v//f////////P/9f///n77//v9/938CggT/////1+////f/4p7n//f/'
    || 'Vv3N///////v//3/fQ+jUQbEl9Bdr6b//f9jXVv///8/IBQAV1HCZfVN4v//30KFxQUAIgB0aRAIBUEAAQYAAAAAAFFgBQQBAAAGESAAGAGS'
    || '8f1nawaVBlft+02de4MEYkAAFUIAAABUg/lbEI7JRt/3EzEAIAAAAJAAAAAAAAoQAAFAAPDf/b99vsv/v0IUhGGw/x16BAIASS0UJ//t8b/v'
    || 'PwAAAsfgHvy73/379/33///89e1H9H8QAQHEf//33flfBYbv9Xe9PQAAAENxQgBAAAABQxkkCAD/////////////////////////////////'
    || '/////////////////////////////////////////////////////++951XuE10JwUAh+hcBgAAAAADw/v+/ACMAIAAACAAAMLXjEAAAABEk'
    || 'FgABAjCDowFQAAGDEUgAAADw3///EqoQf9hSAIAgAAAAAEAUAgI9QBBCEGFfnDEAAAABXAIgAAABAEIBIAAAv9//////P9/ez73/r///f0tA'
    || 'EPH97/33///73/9v8Xvxf/9//+7377//2//f//1+v1f/b4F2n9z3/f////v+/19XX+9fUBhi9v+fFZ8VD33GfaGS9fd+///////93f///fZf'
    || '/z9AmAL/4//z9v7f/99/0D4Ve7z/vv//9///93////7f99f97y+Av8X/////n//////9v99/Rh93//jbXc99Frnqe6AeIAAwAgQkSAQAAEDU'
    || 'BgQAAAQABAAwCQZQAAgAAAAkAAQAENxY100PVE/xFmTVSgpAAgBAAAgAAADc/+sfWEhBJKAEADASQCIAEAAAAAAAAAEAAAAAEBC/b5MAAQAA'
    || 'AAAAAADAgC0AAAAAAAAKAAAAwIbCAgABAAH/GAIAEvD/eT8AJQAAAAoAAAAAAABAABADACkgAAABAACDAAAAAAEAAAAAAAAAAAAAAAD////P'
    || 'fr4REAAAkgFGzfFeAAEAMBQEVRABBPY/egUEALCAIFV1l33fccx41UP1V2cUAQAAAAAALPfbH1Rgg2gFEIs4ugEAADAAJEQAABADMQIBAADw'
    || '9f/X17xw1nh6FVAFpITpQQAAAGs5UnRA6DCQapIAAAL/7/9/hVP07///8t3HTPVC/P//HwCAwFbMFp/7N33v/72krwFEGAFdTkoIUCgw4IAQ'
    || 'ICQA////b/4BBogqQBQBARUrPgEAABCQaUUCAgHhv78DAAAQ3KfRVJ5E3/2PZrNVINTD2DA9gAAAAEz0EcWEb1AAIlB/v9sHACAQhLJFEAZE'
    || 'AAASAhEA8P/9fwUCFokAAAAIABAMAwAAAACDMAIohAAzwCMkAAAAy+Q6RshU8f//fxYBAYRQB/z//w8BAEAQOAEBDBJA4XYWCAMQAAAAAQAA'
    || 'AAAAIiQKQIAAAA==', 'base64')
$$;
comment on function private.codes_of_three_letters is
  'The other languages: a bit for each code from aaa to zzz, which is set for those in the registry.';

create function private.language_subtag(code text) returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select case
    when code ~ '^[a-z]{2,3}$' then coalesce(
      substring(private.language_aliases() from ' ' || code || '=([a-z]+) '),
      case
        when char_length(code) = 2 then substring(private.codes_of_two_letters() from ' (' || code || ') ')
        when get_bit(
          private.codes_of_three_letters(),
          (ascii(code) - 97) * 676 + (ascii(substr(code, 2)) - 97) * 26 + ascii(substr(code, 3)) - 97) = 1
          then code
      end) end
$$;
comment on function private.language_subtag is
  'A language''s shortest code, by any of its codes of two or three letters in lower case; null for none.';

create function private.is_script(code text) returns boolean
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select code ~ '^[a-z]{4}$' and strpos(lower(
      ' Adlm Afak Aghb Ahom Arab Aran Armi Armn Avst Bali Bamu Bass Batk Beng Bhks Blis Bopo Brah Brai Bugi Buhd'
      || ' Cakm Cans Cari Cham Cher Chis Chrs Cirt Copt Cpmn Cprt Cyrl Cyrs Deva Diak Dogr Dsrt Dupl Egyd Egyh Egyp'
      || ' Elba Elym Ethi Gara Geok Geor Glag Gong Gonm Goth Gran Grek Gujr Gukh Guru Hanb Hang Hani Hano Hans Hant'
      || ' Hatr Hebr Hira Hluw Hmng Hmnp Hrkt Hung Inds Ital Jamo Java Jpan Jurc Kali Kana Kawi Khar Khmr Khoj Kitl'
      || ' Kits Knda Kore Kpel Krai Kthi Lana Laoo Latf Latg Latn Leke Lepc Limb Lina Linb Lisu Loma Lyci Lydi Mahj'
      || ' Maka Mand Mani Marc Maya Medf Mend Merc Mero Mlym Modi Mong Moon Mroo Mtei Mult Mymr Nagm Nand Narb Nbat'
      || ' Newa Nkdb Nkgb Nkoo Nshu Ogam Olck Onao Orkh Orya Osge Osma Ougr Palm Pauc Pcun Pelm Perm Phag Phli Phlp'
      || ' Phlv Phnx Piqd Plrd Prti Psin Ranj Rjng Rohg Roro Runr Samr Sara Sarb Saur Sgnw Shaw Shrd Shui Sidd Sidt'
      || ' Sind Sinh Sogd Sogo Sora Soyo Sund Sunu Sylo Syrc Syre Syrj Syrn Tagb Takr Tale Talu Taml Tang Tavt Tayo'
      || ' Telu Teng Tfng Tglg Thaa Thai Tibt Tirh Tnsa Todr Tols Toto Tutg Ugar Vaii Visp Vith Wara Wcho Wole Xpeo'
      || ' Xsux Yezi Yiii Zanb Zinh Zmth Zsye Zsym Zxxx Zyyy Zzzz Qaaa '
    ), ' ' || code || ' ') > 0
$$;
comment on function private.is_script is 'Whether this is a code of ISO 15924, such as hant.';

create function private.is_region(code text) returns boolean
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select code ~ '^([a-z]{2}|\d{3})$' and (strpos(lower(
      ' AA AC AD AE AF AG AI AL AM AN AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS'
      || ' BT BU BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CP CQ CR CS CU CV CW CX CY CZ DD DE DG DJ DK DM DO'
      || ' DZ EA EC EE EG EH ER ES ET EU EZ FI FJ FK FM FO FR FX GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU'
      || ' GW GY HK HM HN HR HT HU IC ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA'
      || ' LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC'
      || ' NE NF NG NI NL NO NP NR NT NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC'
      || ' SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SU SV SX SY SZ TA TC TD TF TG TH TJ TK TL TM TN TO TP TR TT TV'
      || ' TW TZ UA UG UM UN US UY UZ VA VC VE VG VI VN VU WF WS YD YE YT YU ZA ZM ZR ZW ZZ 001 002 003 005 009 011'
      || ' 013 014 015 017 018 019 021 029 030 034 035 039 053 054 057 061 142 143 145 150 151 154 155 202 419 '
    ), ' ' || code || ' ') > 0 or code between 'xa' and 'xz')
$$;
comment on function private.is_region is
  'Whether this is a code of ISO 3166-1 or UN M.49, such as br or 419, or one for private use.';

create function private.language_tag(written text) returns text
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  parts constant text[] := string_to_array(lower(replace(btrim(written), '_', '-')), '-');
  tag text := private.language_subtag(parts[1]);
  place integer := 2;
  singleton integer;
begin
  if tag is null or char_length(written) > 100 then
    return null;
  end if;
  if parts[place] ~ '^[a-z]{3}$' then -- zh-yue is yue
    tag := private.language_subtag(parts[place]);
    place := place + 1;
  end if;
  if private.is_script(parts[place]) then
    tag := tag || '-' || initcap(parts[place]);
    place := place + 1;
  end if;
  if private.is_region(parts[place]) then
    tag := tag || '-' || upper(parts[place]);
    place := place + 1;
  end if;
  while parts[place] ~ '^([a-z0-9]{5,8}|\d[a-z0-9]{3})$' loop -- variants
    tag := tag || '-' || parts[place];
    place := place + 1;
  end loop;
  while parts[place] ~ '^[a-z0-9]$' loop -- extensions, and from x on what is private
    singleton := place;
    place := place + 1;
    while parts[place] ~ case parts[singleton] when 'x' then '^[a-z0-9]{1,8}$' else '^[a-z0-9]{2,8}$' end loop
      place := place + 1;
    end loop;
    if place = singleton + 1 then
      return null;
    end if;
    tag := tag || '-' || array_to_string(parts[singleton:place - 1], '-');
  end loop;
  return case when place > cardinality(parts) then tag end;
end $$;
comment on function private.language_tag is
  'The canonical form of a BCP 47 tag, which may be written with any codes of ISO 639, in upper case and with '
  'underscores; null for what is none.';

create function private.normalise_language() returns trigger
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  tag constant text := private.language_tag(new.language);
begin
  if new.language is not null and tag is null then
    raise exception 'language % is not known: language is a BCP 47 tag, such as en or pt-BR',
      to_json(left(new.language, 100))
      using errcode = 'check_violation', constraint = 'language is a BCP 47 tag, such as en or pt-BR',
        hint = 'Write a BCP 47 tag such as de, pt-BR or zh-Hant. A document without one has its language detected.';
  end if;
  new.language := tag;
  if tg_table_name = 'products' or current_user = 'tidegate_worker' then
    return new;
  end if;
  new.language := nullif(tag, 'und');
  if tg_op = 'INSERT' then
    new.language_is_detected := new.language is null;
  elsif new.language is null and old.language_is_detected then
    new.language := old.language;
  elsif new.language is distinct from old.language then
    new.language_is_detected := new.language is null;
  end if;
  return new;
end $$;
comment on function private.normalise_language is
  'Row trigger: keeps language in canonical form, refuses what is no tag, and notes whether people chose that of a '
  'document. Saving what was detected is no choice.';

create trigger normalise_language before insert or update of language on public.documents
  for each row execute function private.normalise_language();
create trigger normalise_language before insert or update of language on public.products
  for each row execute function private.normalise_language();

grant execute on function
  private.language_aliases, private.codes_of_two_letters, private.codes_of_three_letters, private.language_subtag,
  private.is_script, private.is_region, private.language_tag
  to anon, authenticated, service_role, tidegate_worker;
