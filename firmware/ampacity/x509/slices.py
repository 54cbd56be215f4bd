"""Long work as iterators: None while there is more to do, then the result."""

if False:  # for the type checker
    from collections.abc import Generator, Iterator
    from typing import TypeVar

    T = TypeVar("T")


def until_result(work: "Iterator[T | None]") -> "Generator[None, None, T]":
    """For `result = yield from until_result(work)`: yields None as often as the work does. RuntimeError: it had no result."""
    for found in work:
        if found is not None:
            return found
        yield None
    raise RuntimeError("work without a result")


def at_once(work: "Iterator[T | None]") -> "T":
    """The result, without slices. RuntimeError: it had none."""
    for found in work:
        if found is not None:
            return found
    raise RuntimeError("work without a result")


class Task:
    """An iterator as a task: `step()` does one slice and returns None, or the result."""

    def __init__(self, work: "Iterator[bytes | None]") -> None:
        self._work = work

    def step(self) -> "bytes | None":
        """One slice; None: there is more to do."""
        return next(self._work)
