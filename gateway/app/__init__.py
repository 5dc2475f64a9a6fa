"""The composition root: makes the parts, puts them together and starts the gateway."""
