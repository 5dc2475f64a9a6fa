"""Settings from the environment, checked once at the start."""
