"""The two kinds of error of the house, in one place for all rooms.

`Rejected` is the fault of whoever gave us the value: nothing was changed, the edge answers and goes on.
`InvariantBroken` is our own fault: the controller goes to its safe state.
The classes live in the safety core, which imports nothing of the rest.
"""

from ampacity.circuit.trusted.errors import InvariantBroken, Rejected, ensure

__all__ = ("InvariantBroken", "NotNow", "Rejected", "ensure")


class NotNow(Rejected):
    """No value would do: `allowed` is a sentence that says what stands against it, and what to do."""
