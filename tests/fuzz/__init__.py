"""Millions of bent frames into both ends of a bus: `python -m tests.fuzz`, and the same on MicroPython."""
