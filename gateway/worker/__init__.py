"""The process that keeps passages and vectors in step with their texts: cuts, embeds, and writes what changed."""
