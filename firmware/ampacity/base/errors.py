"""The errors of the firmware, in one place for all rooms.

`Rejected` is a fault of the input, `NotNow` one of its time or place: nothing was changed, the caller at the edge answers and continues.
`InvariantBroken` is our own fault: the controller goes to its safe state.
These classes live in the safety core, which imports nothing of the rest.
"""

from ampacity.circuit.trusted.errors import InvariantBroken, NotNow, Rejected, ensure

__all__ = ("Busy", "InvariantBroken", "NotNow", "Rejected", "ensure")


class Busy(Exception):
    """Another process has the folder or the device (ports/lock.py); the text names the file and, if known, the process."""
