"""A board in emulation: MicroPython on a Cortex-M3 with UARTs on pseudo-terminals and a flash in a file, and what runs on it."""
