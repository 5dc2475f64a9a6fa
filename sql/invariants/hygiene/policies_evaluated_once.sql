-- A policy asks who the caller is once a statement, `(select auth.uid())`, not once a row. Run with an empty search_path,
-- so that names are printed in full.
-- Calls become a mark; parentheses are taken away from the inside, those of a select without from together with what they
-- hold, since that is asked once; a mark that is left is asked for every row.
with recursive policies as (
  select format('%I on %s', p.polname, p.polrelid::pg_catalog.regclass) as object,
         regexp_replace(
           concat(pg_catalog.pg_get_expr(p.polqual, p.polrelid), ' ', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)),
           '\y(auth|private)\.\w+\([^()]*\)', '§', 'g') as expression
  from pg_catalog.pg_policy p
  join pg_catalog.pg_class c on c.oid = p.polrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('public', 'private')
), peeled as (
  select object, expression, 0 as depth from policies
  union all
  select p.object,
         regexp_replace(regexp_replace(
           p.expression, '\(\s*SELECT\y(?:(?!\yFROM\y)[^()])*\)', '', 'g'),
           '\((?!\s*SELECT\y)([^()]*)\)|\((\s*SELECT\y[^()]*\yFROM\y[^()]*)\)', '[\1\2]', 'g'),
         p.depth + 1
  from peeled p where p.expression ~ '[()]' and p.depth < 50
)
select distinct on (p.object) p.object,
       'The policy calls a function for every row of the table.' as detail,
       'Write (select auth.uid()), or = any (array(select private.my_…())).' as remediation
from peeled p
where p.expression ~ '§' and not exists (
  select from peeled q where q.object = p.object and q.depth > p.depth)
order by p.object
