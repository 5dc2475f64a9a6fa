"""The ingestion loop: takes files from the queue, downloads them, has them read, and hands in their texts."""
