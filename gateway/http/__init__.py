"""HTTP: the server's protocol, middleware, problem documents and what routes are given."""
