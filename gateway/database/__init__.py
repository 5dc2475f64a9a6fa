"""PostgreSQL, for the gateway: the only package that speaks psycopg."""
