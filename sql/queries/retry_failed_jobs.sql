-- Makes every failed job due again. Returns one row: how many.
select private.retry_failed_jobs() as retried
