"""Charging profiles: the rules, the store, the composite as integer functions."""
