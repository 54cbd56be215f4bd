"""Measurements, each with its reference in the same run. Each module has ROWS and rows(only)."""
