"""Text to chunks: cuts along headings and paragraphs, as long as the embedding model reads."""
