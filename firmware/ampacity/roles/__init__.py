"""Roles: what a controller is. Wiring only: the table of contents of the firmware."""
