"""Modbus: the protocol, both ends of a line, leases between controllers of this firmware, and devices behind a profile."""
