"""Files in, text out: good files of every format, hostile ones, and uploads that become searchable."""
