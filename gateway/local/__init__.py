"""The stand-in for hosted Supabase that `make run` starts: PostgreSQL, Data API, Auth and Functions without Docker.

This is the only package that starts processes or touches the operating system. Nothing else of the project imports it:
the gateway and the worker learn where the stack is from their settings, and cannot tell a local one from a hosted one.
"""
