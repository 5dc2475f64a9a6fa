"""Where the local Data API by itself differs from PostgREST and GoTrue, one guard per divergence."""
