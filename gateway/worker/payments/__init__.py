"""The payment loop: charges and refunds orders through the payment provider."""
