"""Measurements with their reference in the same run. Each module here has ROWS and rows(only)."""
