"""Components and variables as data."""
