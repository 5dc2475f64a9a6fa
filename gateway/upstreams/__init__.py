"""Existing applications behind the gateway, each under /app/<name>/."""
