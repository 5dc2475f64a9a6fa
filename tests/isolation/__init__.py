"""Isolation, proven: the access rules as a table, and the database held against it."""
