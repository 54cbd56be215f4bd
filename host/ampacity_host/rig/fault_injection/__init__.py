"""Faults of the control channel, where each takes effect, and rogue clients on a site's buses."""
