-- A policy says for whom it is: one for everybody also holds for roles that were never thought of.
select format('%I on %s', p.polname, p.polrelid::pg_catalog.regclass) as object,
       'The policy is for every role.' as detail,
       format('alter policy %I on %s to authenticated;', p.polname, p.polrelid::pg_catalog.regclass) as remediation
from pg_catalog.pg_policy p
join pg_catalog.pg_class c on c.oid = p.polrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('public', 'private') and 0 = any (p.polroles)
