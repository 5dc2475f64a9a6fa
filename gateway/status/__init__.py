"""What works and what does not: for people, and for whatever restarts processes."""
