-- Makes every parked job due again. Returns one row: how many.
select private.replay_parked_jobs() as replayed
