-- Returns one row, xid. The commit that follows tells a replica what time it is here, though nobody writes anything.
select pg_catalog.pg_current_xact_id()::text as xid
