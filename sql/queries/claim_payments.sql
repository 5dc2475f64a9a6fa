-- Takes up to max_jobs payments that are due, until lease_s from now; returns them, each with attempts, by which it is
-- given back, tries, those that count against it, was_sent: whether the provider may have heard of it before, and
-- traceparent: the trace of the request that caused it.
select order_id, kind, amount, currency, customer_id, charge_reference, attempts, tries, was_sent, traceparent
from private.claim_payments(%(max_jobs)s, %(lease_s)s)
