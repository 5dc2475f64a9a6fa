"""Documents with files, in one request: what the Data API and Storage do in two."""
