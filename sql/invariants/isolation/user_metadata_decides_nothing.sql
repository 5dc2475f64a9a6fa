-- People write their own user_metadata, so that no policy, and no function of ours that runs as a caller's judge, reads it.
-- Triggers may: they copy what a person says of themselves. So may what an upload calls its file be read (name_of_file).
select format('%I on %s', p.polname, p.polrelid::pg_catalog.regclass) as object,
       'The policy reads user_metadata, which people write themselves.' as detail,
       'Read app_metadata, which only an administrator can set.' as remediation
from pg_catalog.pg_policy p
join pg_catalog.pg_class c on c.oid = p.polrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('public', 'private', 'storage')
  and concat(pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)) ~ 'user_meta_?data'
union all
select p.oid::pg_catalog.regprocedure::text,
       'The function reads user_metadata, which people write themselves.',
       'Read app_metadata, which only an administrator can set.'
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname in ('public', 'private')
  and replace(p.prosrc, $$to_jsonb(object) #>> '{user_metadata,name}'$$, '') ~ 'user_meta_?data'
  and p.prorettype not in ('pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype)
