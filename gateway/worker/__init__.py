"""The process that keeps chunks and vectors in step with their texts: cuts, embeds, and writes what changed."""
