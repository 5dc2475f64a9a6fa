"""Search over documents and products, by meaning and by words, within what the caller may read."""
