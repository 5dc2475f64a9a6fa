"""The proof: an application as it was and as it becomes, started side by side and asked the same."""
