"""Reading by id: a document or product with its text, and the caller's orders."""
