"""The maintenance loop: what has a time of its own, in small steps."""
