"""What every test may use on both runtimes: `with raises(SomeError) as e:`."""


class Raised:
    """The exception that a `raises` block caught, in `.error` (also its `.field`, `.value` … directly)."""

    def __init__(self, kinds):
        self._kinds = kinds
        self.error = None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if error is None:
            raise AssertionError("nothing was raised; expected %s" % (self._kinds,))
        if not isinstance(error, self._kinds):
            return False
        self.error = error
        return True

    def __getattr__(self, name):
        return getattr(self.error, name)

    def __str__(self):
        return str(self.error)


def raises(*kinds):
    """A context that fails unless one of `kinds` is raised in it; any other exception passes through."""
    return Raised(kinds)
