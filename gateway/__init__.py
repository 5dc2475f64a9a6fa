"""Tidegate: search and status over a Supabase project, with row level security on every path."""

__version__ = "0.1.0"
