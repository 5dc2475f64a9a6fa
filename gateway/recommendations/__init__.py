"""Products for somebody: for their taste, like a product, or what is popular; an answer whatever is down."""
