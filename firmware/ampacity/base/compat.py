"""The differences between the two runtimes that are not worth a file of their own, settled once at import."""

import gc
import sys

if False:  # for the type checker
    from collections.abc import Callable

const: "Callable[[int], int]"
try:
    from micropython import const  # type: ignore[no-redef]  # it folds such values when it compiles
except ImportError:
    const = int  # the value itself


try:
    from io import StringIO

    sys.print_exception  # type: ignore[attr-defined]  # noqa: B018 - only MicroPython has it

    def format_exception(error: "BaseException") -> str:
        """The traceback of `error` as text of several lines."""
        text = StringIO()
        sys.print_exception(error, text)  # type: ignore[attr-defined]
        return text.getvalue()

except AttributeError:
    import traceback

    def format_exception(error: "BaseException") -> str:
        """The traceback of `error` as text of several lines."""
        return "".join(traceback.format_exception(type(error), error, error.__traceback__))


def forget(name: str) -> None:
    """Let go of a module that was needed once, with what only it holds. Where memory is plenty it stays."""
    if sys.implementation.name == "micropython" and name in sys.modules:
        package, _, last = name.rpartition(".")
        del sys.modules[name]
        if hasattr(sys.modules.get(package), last):
            delattr(sys.modules[package], last)


def forget_packages(root: str) -> None:
    """Let go of the packages below `root`: they hold nothing but the modules that were imported, and each of those is also known by its name.

    A later import makes the packages on its way again, with its own module alone: so code says `from a.b import c`, not `import a.b.c`.
    """
    if sys.implementation.name == "micropython":
        for name in list(sys.modules):
            if (name + ".").startswith(root + ".") and hasattr(sys.modules[name], "__path__"):
                del sys.modules[name]


try:
    gc.mem_free  # type: ignore[attr-defined]  # noqa: B018 - only MicroPython has it

    def mem_free() -> "int | None":
        """Free bytes of the heap, or None where the runtime does not say."""
        return gc.mem_free()  # type: ignore[attr-defined, no-any-return]

    def mem_alloc() -> "int | None":
        """Bytes of the heap in use, or None where the runtime does not say."""
        return gc.mem_alloc()  # type: ignore[attr-defined, no-any-return]

    def collect_each(size: int) -> None:
        """Collect whenever `size` bytes were taken, or a sixteenth of what is free now where that is more, not only when the heap is full.

        What lives for long then stays together at the heap's low end. Without it the pieces are all over the heap and a
        block of a few kilobytes finds no room even when half of the heap is free. A collection takes as long as the heap is large.
        """
        gc.threshold(max(size, gc.mem_free() // 16))  # type: ignore[attr-defined]

except AttributeError:

    def mem_free() -> "int | None":
        """Free bytes of the heap, or None where the runtime does not say."""
        return None

    def mem_alloc() -> "int | None":
        """Bytes of the heap in use, or None where the runtime does not say."""
        return None

    def collect_each(size: int) -> None:
        """Collect whenever so much was taken; here the runtime knows best."""
