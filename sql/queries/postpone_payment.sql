-- Gives a payment back, to be had again after delay_s seconds; returns has_failed, true when it was given up.
select private.postpone_payment(
  %(order_id)s, %(kind)s, %(attempt)s, %(error)s, %(delay_s)s, %(max_attempts)s, %(was_sent)s) as has_failed
