"""Changing the embedding model without downtime: fill another beside the active one, compare, switch, drop."""
