"""Faults of the control channel, where each takes effect, and clients that do not belong on a site's buses."""
