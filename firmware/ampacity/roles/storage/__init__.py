"""What outlives a restart: identity and evidence, the history of resets, limits by hand, what devices show while off."""
