-- Notes what the provider decided and what follows for the order; returns is_news, false when it was known already.
select private.settle_payment(%(order_id)s, %(kind)s, %(is_accepted)s, %(reference)s, %(reason)s) as is_news
