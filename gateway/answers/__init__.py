"""Answers to questions, made of passages that the caller's own search returned, with citations that were checked."""
