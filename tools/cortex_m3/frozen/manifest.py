"""What is frozen into the interpreter of the emulated board: MicroPython's manifest language."""

include("$(MPY_DIR)/extmod/asyncio")  # noqa: F821
freeze(".", ("_boot.py", "machine.py", "pyb.py", "socket.py"))  # noqa: F821
