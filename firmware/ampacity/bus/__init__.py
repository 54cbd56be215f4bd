"""Modbus: frames, the engines of both ends of a bus, and the drivers that turn orders into requests."""
