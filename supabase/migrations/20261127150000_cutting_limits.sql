-- Purpose: bounds on cutting one text into chunks: how many, and how much processor time.
-- Undo: delete from private.limits where name in ('chunks_per_text', 'cutting_seconds_per_text');
set local lock_timeout = '10s';
set local statement_timeout = '60s';

insert into private.limits (name, allowed, what)
values ('chunks_per_text', 10000, 'chunks of one document or product'),
       ('cutting_seconds_per_text', 10, 'seconds of processor time to cut one document or product into chunks');
