"""Boot, heartbeat, variables, reports, reset."""
