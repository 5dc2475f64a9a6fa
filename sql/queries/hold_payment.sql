-- Notes that the provider has not decided; returns is_news, false when it was decided already.
select private.hold_payment(
  %(order_id)s, %(kind)s, %(waits_for)s, %(reference)s, %(url)s, %(client_secret)s, %(decide_by)s) as is_news
