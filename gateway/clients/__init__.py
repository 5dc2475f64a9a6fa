"""Clients of the services that the gateway asks over HTTP."""
