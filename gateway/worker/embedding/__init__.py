"""The embedding loop: takes texts from the queue, cuts and embeds them, writes the chunks."""
