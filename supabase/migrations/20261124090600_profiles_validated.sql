-- Purpose: the rules of profiles hold for the rows from before as well.
-- Undo: nothing; the rules themselves are of the migration before.
set local lock_timeout = '10s';
set local statement_timeout = '120s';

alter table public.profiles validate constraint profiles_email_check;
alter table public.profiles validate constraint profiles_display_name_blank_check;
