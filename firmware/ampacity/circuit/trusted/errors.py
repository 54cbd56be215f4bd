"""Whose fault it was: what comes from outside is Rejected, a broken promise of our own is InvariantBroken."""


class Rejected(Exception):
    """Input from outside that we refuse; nothing was changed.

    field: the name of the input; value: the refused value; allowed: the permitted values (a phrase).
    """

    def __init__(self, field: str, value: object, allowed: str) -> None:
        super().__init__("%s: %r is not allowed; use %s" % (field, value, allowed))
        self.field = field
        self.value = value
        self.allowed = allowed


class NotNow(Rejected):
    """No value would do: `allowed` is a sentence that says what prevents it, and what to do."""

    def __str__(self) -> str:
        return "%s: %s" % (self.field, self.allowed)


class InvariantBroken(Exception):
    """Our own code broke a promise; the only right answer is the safe state."""


def ensure(condition: object, text: str) -> None:
    """Raise InvariantBroken(text) unless condition holds. A function, for -O strips assert."""
    if not condition:
        raise InvariantBroken(text)
