"""Commissioning: pure cores that find devices, identify them, replace one and test it.

Bytes, facts and the time in, frames and requested currents out; no clock, no port. `roles` wires them to buses and to the console,
the host drives the same cores over a serial device or TCP.

- `scan`, `listen`, `identify`: what is on a bus; never writes anything.
- `replace`: a new unit of a known kind at an old address.
- `experiments…`: what the installer's tests do and see, one object per test.
"""
