"""Who is let in: each caller has a rate and a share of the places, so that nobody takes the gateway from the others."""
