"""More than one machine's worth of processes: drained, killed and failed over under load."""
