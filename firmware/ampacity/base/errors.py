"""The errors of the firmware, in one place for all rooms.

`Rejected` is a fault of the input, `NotNow` one of its time or place: nothing was changed, the caller at the edge answers and continues.
`InvariantBroken` is our own fault: the controller goes to its safe state.
The classes live in the safety core, which imports nothing of the rest.
"""

from ampacity.circuit.trusted.errors import InvariantBroken, NotNow, Rejected, ensure

__all__ = ("InvariantBroken", "NotNow", "Rejected", "ensure")
