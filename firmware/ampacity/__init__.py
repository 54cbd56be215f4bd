"""Ampacity: the controller firmware. The same files run on MicroPython and on CPython."""

__version__ = "0.1.0"
