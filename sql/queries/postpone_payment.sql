-- Gives a payment back, to be claimed again after delay_s seconds. Returns has_failed: whether it failed for good.
select private.postpone_payment(
  %(order_id)s, %(kind)s, %(attempt)s, %(error)s, %(delay_s)s, %(max_attempts)s, %(was_sent)s) as has_failed
